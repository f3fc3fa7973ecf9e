package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// change runs f in one transaction, with state.updated set and what f changes of the
// state written. If anything fails, nothing of it has happened.
func (s *Store) change(ctx context.Context, f func(tx *sql.Tx, st *state) error) error {
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
	return tellSpace(s.changeLocked(ctx, f), s.dir)
}

// changeLocked is change for a caller that holds s.mu.
func (s *Store) changeLocked(ctx context.Context, f func(tx *sql.Tx, st *state) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return sqlError(err)
	}
	defer tx.Rollback()
	st, err := readState(ctx, tx)
	if err != nil {
		return err
	}
	if err := f(tx, &st); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE state SET generation = ?, slots = ?, updated = ?",
		st.generation, st.rowCount, time.Now().Unix())
	if err != nil {
		return sqlError(err)
	}
	return sqlError(tx.Commit())
}

// Upsert implements store.Writer.
func (s *Store) Upsert(ctx context.Context, records []store.Record) error {
	for i := range records {
		if err := records[i].Validate(s.model.Dim); err != nil {
			return fmt.Errorf("upsert: %w", err)
		}
	}
	records = lastWins(records, func(r *store.Record) string { return r.ID })
	var after state
	err := s.change(ctx, func(tx *sql.Tx, st *state) error {
		if len(records) == 0 {
			return nil
		}
		if err := s.putVectors(ctx, tx, st, records); err != nil {
			return fmt.Errorf("write vectors: %w", err)
		}
		ids := idsOf(records, func(r *store.Record) string { return r.ID })
		if err := removeRecords(ctx, tx, ids); err != nil {
			return err
		}
		if err := deleteByID(ctx, tx, "failures", ids); err != nil {
			return err
		}
		if err := insertRecords(ctx, tx, st.rowCount, records); err != nil {
			return err
		}
		st.rowCount += int64(len(records))
		after = *st
		return nil
	})
	if err == nil {
		s.keepCodesNear(ctx, after)
	}
	return err
}

// putVectors writes the vectors behind the last committed row, makes them durable, and
// keeps their checksums.
func (s *Store) putVectors(ctx context.Context, tx *sql.Tx, st *state, records []store.Record) error {
	f, err := s.writableVectors(st)
	if err != nil {
		return err
	}
	var c summer
	vectors, sums := make([][]float32, len(records)), make([]uint32, len(records))
	for i := range records {
		vectors[i] = records[i].Vector
		sums[i] = c.sum(st.rowCount+int64(i), vectors[i])
	}
	if err := f.put(st.rowCount, vectors...); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return putSums(ctx, tx, st.generation, st.rowCount, sums)
}

// writableVectors opens the vector file of the current generation once.
func (s *Store) writableVectors(st *state) (*vectorFile, error) {
	if s.vectors != nil && s.vectors.generation == st.generation {
		return s.vectors, nil
	}
	path := s.vectorPath(st.generation)
	f, err := openVectorFile(s.files, path, s.header(st.generation))
	if err != nil {
		return nil, err
	}
	// Writing behind the end of a file that lost its tail would fill the gap with
	// zeros and hide the loss.
	info, err := os.Stat(path)
	if err == nil && info.Size() < vectorOffset(s.model.Dim, st.rowCount) {
		err = fmt.Errorf("%w: %s has %d bytes, the catalogue needs %d for %d vectors",
			store.ErrDamaged, path, info.Size(), vectorOffset(s.model.Dim, st.rowCount), st.rowCount)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	s.vectors = f
	return f, nil
}

func insertRecords(ctx context.Context, tx *sql.Tx, rowID int64, records []store.Record) error {
	insert, err := tx.PrepareContext(ctx, `INSERT INTO records(slot, id, path, root, size, mtime_s, mtime_ns, hash,
		width, height, format, taken, when_s, when_ns, metadata_stamp, about) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`)
	if err != nil {
		return sqlError(err)
	}
	defer insert.Close()
	tags := newTagInserter(tx)
	defer tags.close()
	for i := range records {
		r := &records[i]
		modS, modNS := secondsOf(r.ModTime)
		whenS, whenNS := secondsOf(r.When())
		var hash any
		if len(r.ContentHash) > 0 {
			hash = r.ContentHash
		}
		about := "" // for most
		if r.About != (store.About{}) {
			text, err := json.Marshal(r.About)
			if err != nil {
				return fmt.Errorf("%q: %w", r.Path, err)
			}
			about = string(text)
		}
		_, err := insert.ExecContext(ctx, rowID, r.ID, []byte(r.Path), []byte(r.Root), r.Size, modS, modNS, hash,
			r.Width, r.Height, r.Format, !r.TakenAt.IsZero(), whenS, whenNS, r.MetadataStamp, about)
		if err != nil {
			return fmt.Errorf("%q: %w", r.Path, sqlError(err))
		}
		if err := tags.add(ctx, rowID, 0, r.Tags); err != nil {
			return fmt.Errorf("%q: %w", r.Path, err)
		}
		rowID++
	}
	return tags.flush(ctx)
}

// removeRecords deletes the records with the given ids and frees their rows.
func removeRecords(ctx context.Context, tx *sql.Tx, ids []string) error {
	for chunk := range chunks(ids) {
		in := "(SELECT slot FROM records WHERE id IN " + list(len(chunk)) + ")"
		for _, statement := range []string{
			"INSERT INTO freed SELECT slot FROM records WHERE slot IN " + in,
			"DELETE FROM tags WHERE slot IN " + in,
			"DELETE FROM records WHERE slot IN " + in,
		} {
			if _, err := tx.ExecContext(ctx, statement, chunk...); err != nil {
				return sqlError(err)
			}
		}
	}
	return nil
}

func deleteByID(ctx context.Context, tx *sql.Tx, table string, ids []string) error {
	for chunk := range chunks(ids) {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE id IN "+list(len(chunk)), chunk...); err != nil {
			return sqlError(err)
		}
	}
	return nil
}

// Delete implements store.Writer.
func (s *Store) Delete(ctx context.Context, ids []string) error {
	return s.change(ctx, func(tx *sql.Tx, _ *state) error {
		if err := removeRecords(ctx, tx, ids); err != nil {
			return err
		}
		return deleteByID(ctx, tx, "failures", ids)
	})
}

// RecordFailures implements store.Writer.
func (s *Store) RecordFailures(ctx context.Context, failures []store.Failure) error {
	for i := range failures {
		if err := failures[i].Validate(); err != nil {
			return fmt.Errorf("record failures: %w", err)
		}
	}
	failures = lastWins(failures, func(f *store.Failure) string { return f.ID })
	return s.change(ctx, func(tx *sql.Tx, _ *state) error {
		if err := removeRecords(ctx, tx, idsOf(failures, func(f *store.Failure) string { return f.ID })); err != nil {
			return err
		}
		insert, err := tx.PrepareContext(ctx, `INSERT INTO failures VALUES(?,?,?,?,?,?,?,?,?,1) ON CONFLICT(id) DO UPDATE SET
			path = excluded.path, root = excluded.root, size = excluded.size, mtime_s = excluded.mtime_s,
			mtime_ns = excluded.mtime_ns, reason = excluded.reason, at_s = excluded.at_s, at_ns = excluded.at_ns,
			attempts = attempts + 1`)
		if err != nil {
			return sqlError(err)
		}
		defer insert.Close()
		for i := range failures {
			f := &failures[i]
			modS, modNS := secondsOf(f.ModTime)
			atS, atNS := secondsOf(f.At)
			_, err := insert.ExecContext(ctx, f.ID, []byte(f.Path), []byte(f.Root), f.Size, modS, modNS, f.Reason, atS, atNS)
			if err != nil {
				return fmt.Errorf("%q: %w", f.Path, sqlError(err))
			}
		}
		return nil
	})
}

// lastWins drops all but the last of the values with equal ids and keeps the order.
func lastWins[T any](values []T, id func(*T) string) []T {
	last := make(map[string]int, len(values))
	for i := range values {
		last[id(&values[i])] = i
	}
	if len(last) == len(values) {
		return values
	}
	out := make([]T, 0, len(last))
	for i := range values {
		if last[id(&values[i])] == i {
			out = append(out, values[i])
		}
	}
	return out
}

func idsOf[T any](values []T, id func(*T) string) []string {
	out := make([]string, len(values))
	for i := range values {
		out[i] = id(&values[i])
	}
	return out
}
