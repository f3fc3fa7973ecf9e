package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// When Close compacts: there is something to gain, and it is a good part of the file, so
// that an index is never much larger than a fresh one.
const (
	compactMinFree = 256
	compactShare   = 5 // at least 1/5 is free

	vacuumMinFree = 256 // pages of the catalogue: a megabyte
	vacuumShare   = 5
)

// compactIfWorthwhile is called with s.mu held.
func (s *Store) compactIfWorthwhile(ctx context.Context) error {
	var free, rowCount int64
	err := s.write.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM freed), slots FROM state").Scan(&free, &rowCount)
	if err != nil {
		return sqlError(err)
	}
	if free >= compactMinFree && free*compactShare >= rowCount {
		if err := s.compactLocked(ctx); err != nil {
			return err
		}
	}
	return s.vacuumLocked(ctx, vacuumMinFree)
}

// vacuumLocked writes the catalogue anew where many of its pages are free, at least
// leastFree of them: those that are left of deleted records are used again, but never given
// back otherwise. SQLite does it in one transaction, by way of the log.
func (s *Store) vacuumLocked(ctx context.Context, leastFree int64) error {
	var free, pages int64
	err := s.write.QueryRowContext(ctx, "SELECT (SELECT freelist_count FROM pragma_freelist_count), page_count FROM pragma_page_count").Scan(&free, &pages)
	if err != nil {
		return sqlError(err)
	}
	if free < max(1, leastFree) || free*vacuumShare < pages {
		return nil
	}
	if _, err := s.write.ExecContext(ctx, "VACUUM"); err != nil {
		return fmt.Errorf("give the free pages of the catalogue back: %w", sqlError(err))
	}
	return nil
}

// Compact gives the space of deleted and replaced records back: that of their vectors, and
// that of the catalogue where a fifth of it is free. Readers go on undisturbed. It does
// nothing when nothing is free.
func (s *Store) Compact(ctx context.Context) error {
	if err := s.isOpen(); err != nil {
		return err
	}
	if s.write == nil {
		return store.ErrReadOnly
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.isOpen(); err != nil {
		return err
	}
	if err := s.compactLocked(ctx); err != nil {
		return err
	}
	return s.vacuumLocked(ctx, 0)
}

// compactLocked writes a vector file of the next generation in which records from
// the end fill the free rows, so that only those few change their place, and
// switches to it in the commit that moves their rows.
func (s *Store) compactLocked(ctx context.Context) error {
	var next *vectorFile
	var old int64
	err := s.changeLocked(ctx, func(tx *sql.Tx, st *state) error {
		free, err := rowIDsOf(ctx, tx, "SELECT slot FROM freed ORDER BY slot")
		if err != nil || len(free) == 0 {
			return err
		}
		kept := st.rowCount - int64(len(free))
		movers, err := rowIDsOf(ctx, tx, "SELECT slot FROM records WHERE slot >= ? ORDER BY slot", kept)
		if err != nil {
			return err
		}
		for len(free) > 0 && free[len(free)-1] >= kept {
			free = free[:len(free)-1] // cut off with the end
		}
		if len(free) != len(movers) {
			return fmt.Errorf("%w: %d free rows for %d records", store.ErrDamaged, len(free), len(movers))
		}
		old = st.generation
		if next, err = s.copyRows(ctx, tx, st, kept, free, movers); err != nil {
			return fmt.Errorf("write the new vector file: %w", err)
		}
		if err := moveRows(ctx, tx, free, movers); err != nil {
			return err
		}
		st.generation, st.rowCount = next.generation, kept
		return nil
	})
	if next == nil {
		return err
	}
	if err != nil {
		// The new file stays for the next writer to remove: a commit that failed may
		// yet turn out to be on the disk after a crash.
		return errors.Join(err, next.Close())
	}
	if s.vectors != nil {
		s.vectors.Close() // everything in it was durable
	}
	s.vectors = next
	// Readers have it mapped, or come back for a new snapshot. Where an open file
	// cannot be removed, the next writer does it.
	for _, path := range []string{s.vectorPath(old), s.codePath(old)} {
		if err := removeIfThere(path); err != nil {
			s.log.Debug("an old file stays until the next change", "error", err)
		}
	}
	s.extendCodes(ctx, 0)
	return nil
}

// copyRows writes the next generation's file: the first kept rows, with the
// vectors of movers in the free ones among them. The file is durable on return.
func (s *Store) copyRows(ctx context.Context, tx *sql.Tx, st *state, kept int64, free, movers []int64) (_ *vectorFile, err error) {
	m, err := s.maps.acquire(s.vectorPath(st.generation), s.codePath(st.generation), s.header(st.generation), st.rowCount)
	if err != nil {
		return nil, err
	}
	defer s.maps.release(m)
	path := s.vectorPath(st.generation + 1)
	f, err := createVectorFile(s.files, path, s.header(st.generation+1))
	if err != nil {
		return nil, errors.Join(err, removeIfThere(path))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), removeIfThere(path))
		}
	}()
	old := (&snapshot{state: *st, tx: tx, vectors: m}).rowChecker(ctx)
	// A vector that is damaged stays so: its new checksum is wrong too.
	sums := make([]uint32, kept)
	move := func(from, to int64, v []float32) error {
		sound, err := old.sound(from, v)
		if sums[to] = old.sum(to, v); !sound {
			sums[to] = old.badSum(to, v)
		}
		return err
	}
	var buf []float32
	const step = 4096
	for from := int64(0); from < kept; from += step {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows, err := m.rows(from, min(from+step, kept), &buf)
		if err != nil {
			return nil, err
		}
		if err := f.put(from, rows.Data); err != nil {
			return nil, err
		}
		for i := range rows.Rows {
			if err := move(from+int64(i), from+int64(i), rows.Row(i)); err != nil {
				return nil, err
			}
		}
	}
	for i, rowID := range movers {
		var row vec.Matrix
		if row, err = m.rows(rowID, rowID+1, &buf); err != nil {
			return nil, err
		}
		if err = f.put(free[i], row.Data); err != nil {
			return nil, err
		}
		if err := move(rowID, free[i], row.Data); err != nil {
			return nil, err
		}
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM sums"); err != nil {
		return nil, sqlError(err)
	}
	return f, putSums(ctx, tx, st.generation+1, 0, sums)
}

func moveRows(ctx context.Context, tx *sql.Tx, free, movers []int64) error {
	for _, table := range []string{"records", "tags"} {
		move, err := tx.PrepareContext(ctx, "UPDATE "+table+" SET slot = ? WHERE slot = ?")
		if err != nil {
			return sqlError(err)
		}
		defer move.Close()
		for i := range movers {
			if _, err := move.ExecContext(ctx, free[i], movers[i]); err != nil {
				return sqlError(err)
			}
		}
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM freed")
	return sqlError(err)
}

func rowIDsOf(ctx context.Context, tx *sql.Tx, query string, args ...any) ([]int64, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, sqlError(err)
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var rowID int64
		if err := rows.Scan(&rowID); err != nil {
			return nil, sqlError(err)
		}
		out = append(out, rowID)
	}
	return out, sqlError(rows.Err())
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
