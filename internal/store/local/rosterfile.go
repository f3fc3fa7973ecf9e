package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/store"
)

// The roster file holds, slot by slot, what a run over unchanged files asks of each
// record: a million statements' worth of lookups in 16 MB that are read in one go. It
// is a cache like the code file, and as slots are never written twice, what it says of
// one stays true for the generation. The header, little-endian, is
//
//	0   8 bytes   magic
//	8   uint32    version of this layout
//	12  uint32    CRC-32 (IEEE) of what follows
//	16  16 bytes  identity of the index
//	32  uint64    generation
//	40  entries, from slot 0 on: uint64 key, uint64 stamp
const (
	rosterName    = "roster.bin"
	rosterVersion = 2
	rosterHead    = 40
	rosterEntry   = 16
)

var rosterMagic = []byte("SIGHTROS")

// Roster implements store.Roster.
func (s *Store) Roster(ctx context.Context) iter.Seq2[store.Presence, error] {
	return func(yield func(store.Presence, error) bool) {
		sn, err := s.snapshot(ctx, false)
		if err != nil {
			yield(store.Presence{}, err)
			return
		}
		defer sn.release()
		entries, err := s.roster(ctx, sn)
		if err != nil {
			yield(store.Presence{}, s.closedOr(err))
			return
		}
		live, err := sn.live(ctx)
		if err != nil {
			yield(store.Presence{}, s.closedOr(err))
			return
		}
		for slot := range sn.slots {
			e := entries[rosterEntry*slot:]
			if live.has(slot) && !yield(store.Presence{Key: binary.LittleEndian.Uint64(e), Stamp: binary.LittleEndian.Uint64(e[8:])}, nil) {
				return
			}
		}
	}
}

// roster returns the entries of all slots of a snapshot: those of the file, and for the
// slots behind them what the catalogue says. Freed slots may have any entry.
func (s *Store) roster(ctx context.Context, sn *snapshot) ([]byte, error) {
	entries, err := readRoster(s.rosterPath(), s.header(sn.generation))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.log.Debug("the roster is made anew", "file", s.rosterPath(), "reason", err)
	}
	size := rosterEntry * sn.slots
	if int64(len(entries)) > size { // of a later state than this one, which an older copy replaced
		entries = nil
	}
	from := int64(len(entries)) / rosterEntry
	entries = append(make([]byte, 0, size), entries...)[:size]
	rows, err := sn.tx.QueryContext(ctx, "SELECT slot, id, size, mtime_s, mtime_ns, "+sn.stampColumn()+" FROM records r WHERE slot >= ?", from)
	if err != nil {
		return nil, sqlError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var slot, size, sec, ns int64
		var id string
		var stamp uint32
		if err := rows.Scan(&slot, &id, &size, &sec, &ns, &stamp); err != nil {
			return nil, sqlError(err)
		}
		if slot >= sn.slots {
			return nil, fmt.Errorf("%w: slot %d of %d", store.ErrDamaged, slot, sn.slots)
		}
		e := entries[rosterEntry*slot:]
		binary.LittleEndian.PutUint64(e, store.Key(id))
		binary.LittleEndian.PutUint64(e[8:], store.Stamp(size, timeOf(sec, ns), stamp))
	}
	return entries, sqlError(rows.Err())
}

func (s *Store) rosterPath() string { return filepath.Join(s.dir, rosterName) }

// readRoster returns the entries of a roster of an index and generation.
func readRoster(path string, want header) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(b) < rosterHead || !bytes.Equal(b[:12], encodeRosterHead(want, nil)[:12]) ||
		!bytes.Equal(b[16:rosterHead], encodeRosterHead(want, nil)[16:]) || (len(b)-rosterHead)%rosterEntry != 0 {
		return nil, fmt.Errorf("%w: not the roster of this index, generation %d", store.ErrDamaged, want.generation)
	}
	if binary.LittleEndian.Uint32(b[12:]) != crc32.ChecksumIEEE(b[16:]) {
		return nil, fmt.Errorf("%w: the checksum is wrong", store.ErrDamaged)
	}
	return b[rosterHead:], nil
}

func encodeRosterHead(h header, entries []byte) []byte {
	b := make([]byte, rosterHead)
	copy(b, rosterMagic)
	binary.LittleEndian.PutUint32(b[8:], rosterVersion)
	copy(b[16:16+identitySize], h.identity)
	binary.LittleEndian.PutUint64(b[32:], uint64(h.generation))
	binary.LittleEndian.PutUint32(b[12:], crc32.Update(crc32.ChecksumIEEE(b[16:]), crc32.IEEETable, entries))
	return b
}

// keepRoster writes the roster of the committed state where the one that is there is
// behind by at least the given number of slots. It is called with s.mu held. A failure
// costs only speed.
func (s *Store) keepRoster(ctx context.Context, behind int64) {
	if err := s.tryKeepRoster(ctx, behind); err != nil {
		s.log.Warn("the roster for fast runs could not be written", "index", s.dir, "error", err)
	}
}

func (s *Store) tryKeepRoster(ctx context.Context, behind int64) error {
	sn, err := s.snapshot(ctx, false)
	if err != nil {
		return err
	}
	defer sn.release()
	if sn.slots < s.codesFrom || sn.slots-s.rosterRows(sn) < behind {
		return nil
	}
	entries, err := s.roster(ctx, sn)
	if err != nil {
		return err
	}
	return atomicfile.Write(s.rosterPath(), func(w io.Writer) error {
		if _, err := w.Write(encodeRosterHead(s.header(sn.generation), entries)); err != nil {
			return err
		}
		_, err := w.Write(entries)
		return err
	})
}

// rosterRows is how many slots the roster that is there covers, as far as its header
// and size tell.
func (s *Store) rosterRows(sn *snapshot) int64 {
	f, err := os.Open(s.rosterPath())
	if err != nil {
		return 0
	}
	defer f.Close()
	head := make([]byte, rosterHead)
	info, err := f.Stat()
	if _, rerr := io.ReadFull(f, head); err != nil || rerr != nil ||
		!bytes.Equal(head[16:], encodeRosterHead(s.header(sn.generation), nil)[16:]) {
		return 0
	}
	return (info.Size() - rosterHead) / rosterEntry
}
