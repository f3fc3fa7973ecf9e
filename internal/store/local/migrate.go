package local

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// formatAbout is the format in which records got what pictures say about themselves,
// and dates became floating times.
const formatAbout = 2

// migrate brings the catalogue of an older version to the current format, in one
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
	if _, err := tx.ExecContext(ctx, "PRAGMA user_version="+strconv.Itoa(formatVersion)); err != nil {
		return sqlError(err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("bring the index to format %d: %w", formatVersion, sqlError(err))
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
