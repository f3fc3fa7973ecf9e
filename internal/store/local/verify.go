package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/vec/sq8"
)

// Verify implements store.Verifier: the catalogue's own consistency, that records
// and free rows share out the vector file, every vector, and every cache.
func (s *Store) Verify(ctx context.Context, found func(problem string)) error {
	_, err := s.examine(ctx, found)
	return err
}

// damage is what a check found, as far as it can be mended.
type damage struct {
	catalogue bool    // SQLite's own check fails
	rows      bool    // records, free rows and tags do not go together
	file      bool    // the vector file cannot be used as it is
	vectors   []int64 // rows of records whose vectors are damaged
	codes     bool
	caches    []cacheFile
	documents []string // names of those that are damaged
}

// examine checks everything. It changes nothing.
func (s *Store) examine(ctx context.Context, found func(problem string)) (damage, error) {
	var d damage
	var err error
	if d.documents, err = s.verifyDocuments(ctx, found); err != nil {
		return d, err
	}
	sn, err := s.snapshot(ctx, withVectors)
	if errors.Is(err, store.ErrDamaged) {
		d.file = true
		found(err.Error())
		// The vectors cannot be read; the catalogue perhaps can.
		if sn, err = s.snapshot(ctx, catalogueOnly); errors.Is(err, store.ErrDamaged) {
			d.catalogue = true
			found(err.Error())
			return d, nil
		}
	}
	if err != nil {
		return d, err
	}
	defer sn.release()
	if err := sn.verifyCatalogue(ctx, func(problem string) { d.catalogue = true; found(problem) }); err != nil {
		return d, err
	}
	used, err := sn.verifyRows(ctx, func(problem string) { d.rows = true; found(problem) })
	if errors.Is(err, store.ErrDamaged) { // the tables cannot be read whole
		if d.rows = false; !d.catalogue {
			found(err.Error())
		}
		d.catalogue = true
		return d, nil
	}
	if err != nil {
		return d, err
	}
	s.verifyCaches(sn, &d, found)
	if sn.vectors == nil {
		return d, nil
	}
	err = vec.CatchFault(func() error {
		return errors.Join(sn.verifyVectors(ctx, used, &d, found), sn.verifyCodes(ctx, &d, found))
	})
	return d, reportDamage(sn.vectors.explainFault(err), found)
}

// verifyCaches looks for caches that are of this state and have wrong checksums.
func (s *Store) verifyCaches(sn *snapshot, d *damage, found func(string)) {
	h := s.header(sn.generation)
	for _, k := range cacheFiles {
		var err error
		switch k.name {
		case tagFile.name:
			err = s.verifyTagFile(h)
		default:
			_, _, err = k.read(s, h)
		}
		if errors.Is(err, errSeal) {
			d.caches = append(d.caches, k)
			found(fmt.Sprintf("%s: %v; it is a cache, which is rebuilt", k.what, err))
		}
	}
}

func (sn *snapshot) verifyCatalogue(ctx context.Context, found func(string)) error {
	rows, err := sn.tx.QueryContext(ctx, "PRAGMA integrity_check")
	if err != nil {
		return sqlError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return sqlError(err)
		}
		if line != "ok" {
			found(catalogueName + ": " + line)
		}
	}
	return reportDamage(sqlError(rows.Err()), found)
}

// verifyRows checks that each row is either a record's or free, and that tags
// belong to a record. It returns the records' rows.
func (sn *snapshot) verifyRows(ctx context.Context, found func(string)) (*bitmap, error) {
	used, free := newBitmap(sn.rowCount), newBitmap(sn.rowCount)
	for table, b := range map[string]*bitmap{"records": used, "freed": free} {
		rowIDs, err := rowIDsOf(ctx, sn.tx, "SELECT slot FROM "+table)
		if err != nil {
			return nil, err
		}
		for _, rowID := range rowIDs {
			if rowID < 0 || rowID >= sn.rowCount {
				found(fmt.Sprintf("%s: row %d is outside the %d in use", table, rowID, sn.rowCount))
				continue
			}
			b.set(rowID)
		}
	}
	for rowID := range sn.rowCount {
		switch {
		case used.has(rowID) && free.has(rowID):
			found(fmt.Sprintf("row %d is both a record's and free", rowID))
		case !used.has(rowID) && !free.has(rowID):
			found(fmt.Sprintf("row %d is neither a record's nor free", rowID))
		}
	}
	orphans, err := rowIDsOf(ctx, sn.tx, "SELECT DISTINCT slot FROM tags WHERE slot NOT IN (SELECT slot FROM records)")
	for _, rowID := range orphans {
		found(fmt.Sprintf("row %d has tags and no record", rowID))
	}
	return used, err
}

func (sn *snapshot) verifyVectors(ctx context.Context, used *bitmap, d *damage, found func(string)) error {
	check := sn.rowChecker(ctx)
	var buf []float32
	var waiting []int64
	for from := int64(0); from < sn.rowCount; from += scanRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		to := min(from+scanRows, sn.rowCount)
		rows, err := sn.vectors.rows(from, to, &buf)
		if err != nil {
			return err
		}
		used.each(from, to, func(rowID int64) {
			v := rows.Row(int(rowID - from))
			sound, failed := check.sound(rowID, v)
			switch {
			case failed != nil:
				err = failed
			case sound && isWithdrawn(v):
				waiting = append(waiting, rowID)
			case !sound || !vec.IsUnit(v):
				d.vectors = append(d.vectors, rowID)
			}
		})
		if err != nil {
			return err
		}
	}
	tell := func(rowIDs []int64, what string) error {
		for _, rowID := range rowIDs {
			path, err := sn.pathOf(ctx, rowID)
			if err != nil {
				return err
			}
			found(fmt.Sprintf("the embedding of %s (row %d) %s", path, rowID, what))
		}
		return nil
	}
	return errors.Join(tell(d.vectors, "is damaged"), tell(waiting, "was damaged; the next indexer run reads the picture again"))
}

// verifyCodes checks that the codes are those of the vectors, but for the vectors that are
// damaged themselves.
func (sn *snapshot) verifyCodes(ctx context.Context, d *damage, found func(string)) error {
	codes := sn.vectors.codes
	if codes == nil {
		return nil
	}
	check := sn.rowChecker(ctx)
	bad, first := 0, int64(0)
	var buf []float32
	want := make([]byte, codes.CodeSize)
	for from := int64(0); from < min(codes.covered(), sn.rowCount); from += scanRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows, err := sn.vectors.rows(from, min(from+scanRows, codes.covered(), sn.rowCount), &buf)
		if err != nil {
			return err
		}
		for i := range rows.Rows {
			rowID := from + int64(i)
			if sound, err := check.sound(rowID, rows.Row(i)); err != nil {
				return err
			} else if !sound {
				continue
			}
			sq8.Encode(want, rows.Row(i))
			if !bytes.Equal(want, codes.Row(int(rowID))) {
				if bad++; bad == 1 {
					first = rowID
				}
			}
		}
	}
	if bad > 0 {
		d.codes = true
		found(fmt.Sprintf("the codes for fast searching are damaged in %d rows, first in row %d; they are a cache, which is rebuilt", bad, first))
	}
	return nil
}

// reportDamage hands damage to found and returns every other error.
func reportDamage(err error, found func(string)) error {
	if errors.Is(err, store.ErrDamaged) {
		found(err.Error())
		return nil
	}
	return err
}

// bytesIn is the size of the files in a folder. A file that goes away meanwhile
// counts nothing.
func bytesIn(dir string) (int64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		sum += info.Size()
	}
	return sum, nil
}
