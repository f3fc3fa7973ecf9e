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
// and free rows share out the vector file, and every vector.
func (s *Store) Verify(ctx context.Context, found func(problem string)) error {
	sn, err := s.snapshot(ctx, withVectors)
	if errors.Is(err, store.ErrDamaged) {
		found(err.Error())
		// The vectors cannot be read; the catalogue perhaps can.
		if sn, err = s.snapshot(ctx, catalogueOnly); errors.Is(err, store.ErrDamaged) {
			found(err.Error())
			return nil
		}
	}
	if err != nil {
		return err
	}
	defer sn.release()
	if err := sn.verifyCatalogue(ctx, found); err != nil {
		return err
	}
	used, err := sn.verifyRows(ctx, found)
	if err != nil || sn.vectors == nil {
		return err
	}
	return errors.Join(sn.verifyVectors(ctx, used, found), sn.verifyCodes(ctx, found))
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
		if err := reportDamage(err, found); err != nil {
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
	return used, reportDamage(err, found)
}

func (sn *snapshot) verifyVectors(ctx context.Context, used *bitmap, found func(string)) error {
	var buf []float32
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
			if !vec.IsUnit(rows.Row(int(rowID - from))) {
				found(fmt.Sprintf("the vector in row %d is not of length 1", rowID))
			}
		})
	}
	return nil
}

// verifyCodes checks that the codes are those of the vectors. They would be made anew
// if the file were not there.
func (sn *snapshot) verifyCodes(ctx context.Context, found func(string)) error {
	codes := sn.vectors.codes
	if codes == nil {
		return nil
	}
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
			sq8.Encode(want, rows.Row(i))
			if !bytes.Equal(want, codes.Row(int(from)+i)) {
				found(fmt.Sprintf("the codes in row %d are not those of its vector: remove %s*%s", from+int64(i), codePrefix, codeSuffix))
			}
		}
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
