package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/sightline/sightline/internal/store"
)

// The file-state table holds, row by row, what a run over unchanged files asks of each
// record: a million lookups in 16 MB that are read in one go. It is a cacheFile without
// fields. The checksum covers all of it. Behind the header lie the entries, from row 0
// on: uint64 key, uint64 hash of the stat, as in store.FileState.
const fileStateEntry = 16

// FileStates implements store.FileStateLister.
func (s *Store) FileStates(ctx context.Context) iter.Seq2[store.FileState, error] {
	return func(yield func(store.FileState, error) bool) {
		sn, err := s.snapshot(ctx, catalogueOnly)
		if err != nil {
			yield(store.FileState{}, err)
			return
		}
		defer sn.release()
		entries, err := s.fileStates(ctx, sn)
		if err != nil {
			yield(store.FileState{}, s.closedOr(err))
			return
		}
		live, err := sn.live(ctx)
		if err != nil {
			yield(store.FileState{}, s.closedOr(err))
			return
		}
		for rowID := range sn.rowCount {
			e := entries[fileStateEntry*rowID:]
			if live.has(rowID) && !yield(store.FileState{Key: binary.LittleEndian.Uint64(e), StatHash: binary.LittleEndian.Uint64(e[8:])}, nil) {
				return
			}
		}
	}
}

// fileStates returns the entries of all rows of a snapshot: those of the file, and for
// the rows behind them what the catalogue says. Freed rows may have any entry.
func (s *Store) fileStates(ctx context.Context, sn *snapshot) ([]byte, error) {
	entries, err := s.readFileStates(s.header(sn.generation))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.log.Debug(fileStateFile.what+" is rebuilt", "reason", err)
	}
	size := fileStateEntry * sn.rowCount
	if int64(len(entries)) > size { // of a later state than this one, which an older copy replaced
		entries = nil
	}
	from := int64(len(entries)) / fileStateEntry
	entries = append(make([]byte, 0, size), entries...)[:size]
	rows, err := sn.tx.QueryContext(ctx, "SELECT slot, id, size, mtime_s, mtime_ns, "+sn.stampColumn()+" FROM records r WHERE slot >= ?", from)
	if err != nil {
		return nil, sqlError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var rowID, size, sec, ns int64
		var id string
		var stamp uint32
		if err := rows.Scan(&rowID, &id, &size, &sec, &ns, &stamp); err != nil {
			return nil, sqlError(err)
		}
		if rowID >= sn.rowCount {
			return nil, fmt.Errorf("%w: row %d of %d", store.ErrDamaged, rowID, sn.rowCount)
		}
		e := entries[fileStateEntry*rowID:]
		binary.LittleEndian.PutUint64(e, store.FileKey(id))
		binary.LittleEndian.PutUint64(e[8:], store.StatHash(size, timeOf(sec, ns), stamp))
	}
	return entries, sqlError(rows.Err())
}

// readFileStates returns the entries of the file.
func (s *Store) readFileStates(want header) ([]byte, error) {
	_, entries, err := fileStateFile.read(s, want)
	if err == nil && len(entries)%fileStateEntry != 0 {
		return nil, fmt.Errorf("%w: %s: %d bytes of entries", store.ErrDamaged, fileStateFile.path(s), len(entries))
	}
	return entries, err
}

// keepFileStates writes the file where it is behind by at least the given number of
// rows: see cacheFile.keep.
func (s *Store) keepFileStates(ctx context.Context, behind int64) {
	fileStateFile.keep(ctx, s, func(sn *snapshot, h header) (func(io.Writer) error, error) {
		if sn.rowCount-s.fileStateRows(h) < behind {
			return nil, nil
		}
		entries, err := s.fileStates(ctx, sn)
		if err != nil {
			return nil, err
		}
		return writeParts(fileStateFile.head(h, entries), entries), nil
	})
}

// fileStateRows is how many rows the file covers, as far as its header and size tell.
func (s *Store) fileStateRows(want header) int64 {
	f, err := fileStateFile.open(s, want)
	if err != nil {
		return 0
	}
	defer f.Close()
	return (f.size - int64(fileStateFile.headSize())) / fileStateEntry
}
