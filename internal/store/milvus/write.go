package milvus

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// maxIDs is the most ids in one expression: parsing them takes the server longer than
// finding them.
const maxIDs = 2000

// Upsert implements store.Writer.
func (s *Store) Upsert(ctx context.Context, records []store.Record) error {
	if err := s.beginChange(ctx); err != nil {
		return err
	}
	if len(records) == 0 {
		return nil
	}
	rows, err := s.rowsOf(records)
	if err != nil {
		return err
	}
	return s.upsert(ctx, rows)
}

// rowsOf checks and converts records. Of those with equal ids it keeps the last: in
// one message some servers would keep both.
func (s *Store) rowsOf(records []store.Record) ([]row, error) {
	rows := make([]row, 0, len(records))
	at := make(map[string]int, len(records))
	labels := make(filterLabels)
	for i := range records {
		r := &records[i]
		if err := r.Validate(s.meta.Model.Dim); err != nil {
			return nil, err
		}
		converted, err := newRow(r, labels)
		if err != nil {
			return nil, err
		}
		if j, ok := at[r.ID]; ok {
			rows[j] = converted
			continue
		}
		at[r.ID] = len(rows)
		rows = append(rows, converted)
	}
	return rows, nil
}

// upsert writes rows in messages that are not too large, and clears the failures of
// the same files. The record comes first: a crash in between leaves a failure too
// many, which the next attempt at the file clears.
func (s *Store) upsert(ctx context.Context, rows []row) error {
	if err := s.sendFitting(ctx, rows); err != nil {
		return err
	}
	return s.touch(ctx)
}

// send writes rows in one message. Where the server finds one of them too large, by a
// limit that we do not know of, the message is halved until it is clear which.
func (s *Store) send(ctx context.Context, rows []row) error {
	err := s.client.Upsert(ctx, s.physical, columns(rows))
	switch {
	case err == nil:
		return nil
	case !tooLarge(err):
		return fmt.Errorf("writing %d records: %w", len(rows), err)
	case len(rows) == 1:
		return &store.RecordError{ID: rows[0].ID, Path: rows[0].Path, Err: err}
	}
	half := len(rows) / 2
	if err := s.send(ctx, rows[:half]); err != nil {
		return err
	}
	return s.send(ctx, rows[half:])
}

// Delete implements store.Writer.
func (s *Store) Delete(ctx context.Context, ids []string) error {
	if err := s.beginChange(ctx); err != nil {
		return err
	}
	if len(ids) == 0 {
		return nil
	}
	if err := s.deleteRecords(ctx, ids); err != nil {
		return err
	}
	if err := s.deleteFailures(ctx, ids); err != nil {
		return err
	}
	return s.touch(ctx)
}

func (s *Store) deleteRecords(ctx context.Context, ids []string) error {
	for chunk := range slices.Chunk(ids, maxIDs) {
		if err := s.remove(ctx, s.physical, oneOf(chunk)); err != nil {
			return fmt.Errorf("deleting %d records: %w", len(chunk), err)
		}
	}
	return nil
}

func (s *Store) deleteFailures(ctx context.Context, ids []string) error {
	for chunk := range slices.Chunk(failureIDs(ids), maxIDs) {
		if err := s.remove(ctx, s.physical+metaSuffix, oneOf(chunk)); err != nil {
			return fmt.Errorf("clearing the failures of %d files: %w", len(chunk), err)
		}
	}
	s.failed.remove(ids)
	return nil
}

// remove deletes rows. Also one that failed may have been done.
func (s *Store) remove(ctx context.Context, collection, expr string) error {
	defer s.session.deleted(collection)
	return s.client.Delete(ctx, collection, expr)
}

// SetTags implements store.Writer. Milvus replaces records only as a whole, so that
// they are read, changed and written again, vectors and all.
func (s *Store) SetTags(ctx context.Context, source string, tags map[string][]store.Tag) error {
	if err := s.beginChange(ctx); err != nil {
		return err
	}
	if len(tags) == 0 {
		return nil
	}
	for id, list := range tags {
		for _, t := range list {
			t.Source = source
			if err := t.Validate(); err != nil {
				return fmt.Errorf("record %s: %w", id, err)
			}
		}
	}
	ids := slices.Sorted(maps.Keys(tags))
	if err := s.checkThere(ctx, ids); err != nil {
		return err
	}
	for chunk := range slices.Chunk(ids, s.pageRows(store.Fields{Vectors: true})) {
		var records []store.Record
		foreign := make(map[string]foreignExtra)
		err := s.eachRecord(ctx, chunk, func(r readRecord) {
			if r.ok {
				records = append(records, r.Record)
				foreign[r.ID] = r.foreign
			}
		})
		if err != nil {
			return err
		}
		for i := range records {
			r := &records[i]
			r.Tags = slices.DeleteFunc(r.Tags, func(t store.Tag) bool { return t.Source == source })
			for _, t := range tags[r.ID] {
				t.Source = source
				r.Tags = append(r.Tags, t)
			}
		}
		rows, err := s.rowsOf(records)
		if err != nil {
			return err
		}
		for i := range rows {
			if rows[i].extra, err = foreign[rows[i].ID].merge(rows[i].extra); err != nil {
				return fmt.Errorf("record %s: %w", rows[i].ID, err)
			}
		}
		if err := s.upsert(ctx, rows); err != nil {
			return err
		}
	}
	return nil
}

// checkThere returns ErrNotFound unless there is a record of every id.
func (s *Store) checkThere(ctx context.Context, ids []string) error {
	for chunk := range slices.Chunk(ids, maxIDs) {
		rows, err := s.query(ctx, s.physical, oneOf(chunk), []string{fieldID}, service.Session, 0)
		if err != nil {
			return fmt.Errorf("looking for %d records: %w", len(chunk), err)
		}
		there := make(map[string]bool, rows.len())
		for i := range rows.len() {
			there[rows.raw(fieldID, i)] = true
		}
		if rows.err != nil {
			return rows.err
		}
		for _, id := range chunk {
			if !there[id] {
				return fmt.Errorf("record %s: %w", id, store.ErrNotFound)
			}
		}
	}
	return nil
}
