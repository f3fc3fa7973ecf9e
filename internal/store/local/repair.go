package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"

	"github.com/sightline/sightline/internal/store"
)

// Repair implements store.Repairer. In this order: SQLite rebuilds its indexes, or a
// catalogue with damaged tables is rebuilt from what is whole of it, the vector
// file gets its header and its length back, rows that are nobody's become free, records whose
// vectors are damaged are withdrawn until they are read again, and caches are rebuilt. Before
// all that, damaged documents are set aside.
func (s *Store) Repair(ctx context.Context, found, told func(string)) error {
	if err := s.isOpen(); err != nil {
		return err
	}
	if s.write == nil {
		return store.ErrReadOnly
	}
	d, err := s.examine(ctx, found)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.isOpen(); err != nil {
		return err
	}
	if err := s.setAside(d.documents, told); err != nil {
		return err
	}
	if d.catalogue {
		if err := s.repairCatalogue(ctx, found, told); err != nil {
			return err
		}
		// What else there is could not be looked at before.
		if d, err = s.examine(ctx, func(string) {}); err != nil {
			return err
		}
	}
	if d.file {
		if err := s.repairVectorFile(ctx, told); err != nil {
			return err
		}
	}
	if d.rows {
		if err := s.repairRows(ctx, told); err != nil {
			return err
		}
	}
	if d.file { // what it holds could not be looked at before
		s.maps.reset()
		again, err := s.examine(ctx, func(string) {})
		if err != nil {
			return err
		}
		d.vectors = again.vectors
	}
	if len(d.vectors) > 0 {
		if err := s.withdraw(ctx, d.vectors, told); err != nil {
			return err
		}
	}
	return s.repairCaches(ctx, d, told)
}

// repairCatalogue makes the indexes of the catalogue anew where its tables are whole, and all
// of it where they are not.
func (s *Store) repairCatalogue(ctx context.Context, found, told func(string)) error {
	err := s.repairIndexes(ctx, told)
	if err == nil {
		var sn *snapshot
		if sn, err = s.snapshot(ctx, catalogueOnly); err == nil {
			sound := true
			err = sn.verifyCatalogue(ctx, func(string) { sound = false })
			sn.release()
			if sound && err == nil {
				return nil
			}
		}
	}
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return err
	}
	s.maps.reset()
	if err := errors.Join(s.read.Close(), s.write.Close()); err != nil {
		s.log.Warn("the damaged catalogue was closed with an error", "index", s.dir, "error", err)
	}
	if err := rescueFolder(ctx, s.dir, s.idSpace, found, told); err != nil {
		return err
	}
	if s.write, err = openCatalogue(s.cataloguePath(), store.ReadWrite); err != nil {
		return err
	}
	return s.openForReading(ctx)
}

// repairIndexes makes the indexes of the catalogue anew from its tables.
func (s *Store) repairIndexes(ctx context.Context, told func(string)) error {
	if _, err := s.write.ExecContext(ctx, "REINDEX"); err != nil {
		return fmt.Errorf("rebuild the indexes of the catalogue: %w", sqlError(err))
	}
	told("the indexes of the catalogue were rebuilt")
	return nil
}

// repairVectorFile gives a vector file that cannot be used its header and its length. The
// checksums tell which of its rows are sound.
func (s *Store) repairVectorFile(ctx context.Context, told func(string)) (err error) {
	sn, err := s.snapshot(ctx, catalogueOnly)
	if err != nil {
		return err
	}
	sn.release()
	path, h := s.vectorPath(sn.generation), s.header(sn.generation)
	f, err := openRegular(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := writeFull(f, h.encode(), 0); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if need := vectorOffset(h.dim, sn.rowCount); info.Size() < need {
		if err := f.Truncate(need); err != nil {
			return err
		}
		told(fmt.Sprintf("%s was brought from %d bytes to %d", path, info.Size(), need))
	}
	told("the header of " + path + " was rewritten")
	return f.Sync()
}

// repairRows makes each row a record's or free.
func (s *Store) repairRows(ctx context.Context, told func(string)) error {
	return s.changeLocked(ctx, func(tx *sql.Tx, st *state) error {
		for _, mend := range []struct{ what, statement string }{
			{"free rows that are records' were taken back", "DELETE FROM freed WHERE slot IN (SELECT slot FROM records)"},
			{"free rows that do not exist were removed", "DELETE FROM freed WHERE slot < 0 OR slot >= ?1"},
			{"tags that belong to no record were removed", "DELETE FROM tags WHERE slot NOT IN (SELECT slot FROM records)"},
		} {
			var args []any
			if mend.statement[len(mend.statement)-1] == '1' {
				args = append(args, st.rowCount)
			}
			res, err := tx.ExecContext(ctx, mend.statement, args...)
			if err != nil {
				return sqlError(err)
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if n > 0 {
				told(fmt.Sprintf("%s: %d", mend.what, n))
			}
		}
		if err := s.moveInside(ctx, tx, st, told); err != nil {
			return err
		}
		return freeLost(ctx, tx, st.rowCount, told)
	})
}

// moveInside gives records whose rows do not exist rows of their own, without vectors.
func (s *Store) moveInside(ctx context.Context, tx *sql.Tx, st *state, told func(string)) error {
	rowIDs, err := rowIDsOf(ctx, tx, "SELECT slot FROM records WHERE slot < 0 OR slot >= ?", st.rowCount)
	if err != nil || len(rowIDs) == 0 {
		return err
	}
	if err := s.replaceVectors(ctx, tx, st, rowIDs); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM freed WHERE slot < 0 OR slot >= ?", st.rowCount)
	told(fmt.Sprintf("records outside of the vector file were given a place: %d", len(rowIDs)))
	return sqlError(err)
}

// freeLost makes rows free that are nobody's.
func freeLost(ctx context.Context, tx *sql.Tx, rowCount int64, told func(string)) error {
	lost := full(rowCount)
	for _, table := range []string{"records", "freed"} {
		rowIDs, err := rowIDsOf(ctx, tx, "SELECT slot FROM "+table)
		if err != nil {
			return err
		}
		for _, rowID := range rowIDs {
			if rowID >= 0 && rowID < rowCount {
				lost.clear(rowID)
			}
		}
	}
	n := 0
	var failed error
	lost.each(0, rowCount, func(rowID int64) {
		if failed == nil {
			_, failed = tx.ExecContext(ctx, "INSERT INTO freed VALUES(?)", rowID)
			n++
		}
	})
	if n > 0 {
		told(fmt.Sprintf("rows that were nobody's are free: %d", n))
	}
	return sqlError(failed)
}

// withdraw takes records whose vectors are damaged out of searching. It is called with s.mu
// held.
func (s *Store) withdraw(ctx context.Context, rowIDs []int64, told func(string)) error {
	err := s.changeLocked(ctx, func(tx *sql.Tx, st *state) error { return s.replaceVectors(ctx, tx, st, rowIDs) })
	if err != nil {
		return err
	}
	s.maps.reset()
	told(fmt.Sprintf("pictures whose embeddings were damaged, and which the next indexer run reads again: %d", len(rowIDs)))
	return nil
}

// replaceVectors moves records to rows with a vector of NaNs, by which nothing is found. A
// size that no file has and a missing hash make the next run read their pictures again.
func (s *Store) replaceVectors(ctx context.Context, tx *sql.Tx, st *state, rowIDs []int64) error {
	none := slices.Repeat([]float32{float32(math.NaN())}, s.model.Dim)
	sn := &snapshot{state: *st, tx: tx}
	for part := range slices.Chunk(rowIDs, chunkSize) {
		records, err := sn.byRowIDs(ctx, part)
		if err != nil {
			return err
		}
		var moved []store.Record
		for _, rowID := range part {
			if r, ok := records[rowID]; ok {
				r.Vector, r.Size, r.ContentHash = none, -1, nil
				moved = append(moved, *r)
			}
		}
		if err := s.putVectors(ctx, tx, st, moved); err != nil {
			return err
		}
		if err := removeRecords(ctx, tx, idsOf(moved, func(r *store.Record) string { return r.ID })); err != nil {
			return err
		}
		if err := insertRecords(ctx, tx, st.rowCount, moved); err != nil {
			return err
		}
		st.rowCount += int64(len(moved))
	}
	return nil
}

// repairCaches rebuilds damaged caches. It is called with s.mu held.
func (s *Store) repairCaches(ctx context.Context, d damage, told func(string)) error {
	sn, err := s.snapshot(ctx, catalogueOnly)
	if err != nil {
		return err
	}
	sn.release()
	for _, k := range d.caches {
		if err := removeIfThere(k.path(s)); err != nil {
			return err
		}
		told(k.what + " were rebuilt")
		d.codes = d.codes || k.name == codeSumFile.name
	}
	if d.codes {
		for _, path := range []string{codeSumFile.path(s), s.codePath(sn.generation)} {
			if err := removeIfThere(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		told("the codes for fast searching were rebuilt")
	}
	s.maps.reset()
	s.coded.generation, s.coded.rows = 0, 0
	if err := s.adoptSums(ctx); err != nil {
		return err
	}
	s.keepCaches(ctx, 1)
	s.maps.reset()
	return nil
}
