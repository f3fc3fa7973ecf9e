package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local/pagesum"
)

// formatSums is the format in which each page of the catalogue got a checksum: see package
// pagesum. Its schema is that of formatAbout.
const formatSums = 3

// catalogueVFS is SQLite's layer of the operating system for catalogues.
const catalogueVFS = pagesum.Name

// formatAbout is the format in which records got what pictures say about themselves,
// and dates became floating times.
const formatAbout = 2

// migrate brings the catalogue of an older version to the current format, one format in one
// transaction. An index that is only read stays as it is.
//
// Format 1 kept the date of a picture as an instant, for which it took the zone of
// the machine that indexed it, unless the picture told its own. It is turned back by
// the zone of this machine: right for all but those that told one, which get right
// when the next run reads the metadata of all records again. Those are all marked
// store.StaleMetadata.
func (s *Store) migrate(ctx context.Context) error {
	version, err := formatOf(ctx, s.write)
	if err != nil || version >= formatVersion {
		return err
	}
	s.log.Info("bringing the index to a new format", "index", s.dir, "from", version, "to", formatVersion)
	if version < formatAbout {
		if err := s.migrateAbout(ctx); err != nil {
			return err
		}
	}
	return s.migrateSums(ctx)
}

// migrateSums writes all pages of the catalogue anew, with checksums. Without the room for
// that the index stays in the format before.
func (s *Store) migrateSums(ctx context.Context) error {
	err := s.addPageSums(ctx)
	if errors.Is(err, store.ErrNoSpace) {
		s.log.Warn("the catalogue gets no checksums, for which there is too little room", "index", s.dir, "error", err)
		return nil
	}
	return err
}

// addPageSums lets SQLite make the room for checksums in each page, which it does in one
// transaction, and notes the format then: between the two, the index is one of the format
// before whose pages have checksums.
func (s *Store) addPageSums(ctx context.Context) error {
	for _, statement := range []string{"VACUUM", "PRAGMA user_version=" + strconv.Itoa(formatSums)} {
		if _, err := s.write.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("bring the index to format %d: %w", formatSums, sqlError(err))
		}
	}
	return nil
}

// migrateAbout brings format 1 to format 2.
func (s *Store) migrateAbout(ctx context.Context) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return sqlError(err)
	}
	defer tx.Rollback()
	// A column that is added with a default costs no writing of its rows.
	for _, statement := range []string{
		"ALTER TABLE records ADD COLUMN metadata_stamp INTEGER NOT NULL DEFAULT " + strconv.Itoa(store.StaleMetadata),
		"ALTER TABLE records ADD COLUMN about TEXT NOT NULL DEFAULT ''",
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return sqlError(err)
		}
	}
	if err := floatDates(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "PRAGMA user_version="+strconv.Itoa(formatAbout)); err != nil {
		return sqlError(err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("bring the index to format %d: %w", formatAbout, sqlError(err))
	}
	return nil
}

// floatDates turns the dates of pictures from instants into floating times.
func floatDates(ctx context.Context, tx *sql.Tx) error {
	update, err := tx.PrepareContext(ctx, "UPDATE records SET when_s = ? WHERE slot = ?")
	if err != nil {
		return sqlError(err)
	}
	defer update.Close()
	const batch = 4096
	type dated struct{ slot, seconds int64 }
	for next := int64(0); ; {
		var rows []dated
		found, err := tx.QueryContext(ctx, "SELECT slot, when_s FROM records WHERE taken <> 0 AND slot >= ? ORDER BY slot LIMIT ?", next, batch)
		if err != nil {
			return sqlError(err)
		}
		for found.Next() {
			var d dated
			if err := found.Scan(&d.slot, &d.seconds); err != nil {
				found.Close()
				return sqlError(err)
			}
			rows = append(rows, d)
		}
		if err := found.Err(); err != nil {
			return sqlError(err)
		}
		if len(rows) == 0 {
			return nil
		}
		for _, d := range rows {
			if _, err := update.ExecContext(ctx, floating(d.seconds), d.slot); err != nil {
				return sqlError(err)
			}
		}
		next = rows[len(rows)-1].slot + 1
	}
}

// floating is the wall clock of an instant here, as seconds of a floating time.
func floating(seconds int64) int64 {
	_, offset := time.Unix(seconds, 0).Zone()
	return seconds + int64(offset)
}
