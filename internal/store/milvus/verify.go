package milvus

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// Verify implements store.Verifier. It reads every record with its vector and every
// failure, and counts them, and every document. Rows that another client wrote in a way of its own are warned
// of one by one: they are no damage.
func (s *Store) Verify(ctx context.Context, found func(problem string)) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	ctx = context.WithValue(ctx, keyAllWarnings, true)
	target, err := s.target(ctx)
	if err != nil {
		return err
	}
	if s.inUse.Load() && target != s.physical {
		found(fmt.Sprintf("%s stands for collection %q, not for %s", s.alias, target, s.physical))
	}
	err = s.scanPages(ctx, nil, store.Fields{Vectors: true}, func(page []store.Record) error {
		for i := range page {
			r := &page[i]
			if err := r.Validate(s.meta.Model.Dim); err != nil {
				found(err.Error())
			}
		}
		return nil
	})
	if errors.Is(err, store.ErrDamaged) {
		found(err.Error())
		err = nil
	}
	if err != nil {
		return err
	}
	failures, err := s.allFailures(ctx)
	if errors.Is(err, store.ErrDamaged) {
		found(err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range failures {
		if err := f.Validate(); err != nil {
			found(err.Error())
		}
	}
	for chunk := range slices.Chunk(failures, maxIDs) {
		if err := s.verifyFailed(ctx, chunk, found); err != nil {
			return err
		}
	}
	if _, err := s.verifyDocuments(ctx, found); err != nil {
		return err
	}
	if _, err := s.readMeta(ctx, s.physical, idIndex, service.Strong, &indexMeta{}); errors.Is(err, store.ErrDamaged) {
		found(err.Error())
	} else if err != nil {
		return err
	}
	return nil
}

// verifyFailed reports the files that are a record as well as a failure.
func (s *Store) verifyFailed(ctx context.Context, failures []store.Failure, found func(problem string)) error {
	var ids []string
	paths := make(map[string]string, len(failures))
	for _, f := range failures {
		if checkID(f.ID) == nil {
			ids, paths[f.ID] = append(ids, f.ID), f.Path
		}
	}
	rows, err := s.query(ctx, s.physical, oneOf(ids), []string{fieldID}, service.Session, 0)
	if err != nil {
		return fmt.Errorf("looking for failed files among the records: %w", err)
	}
	for i := range rows.len() {
		found(fmt.Sprintf("%q is a record and a failure: a change was cut short; indexer retry puts it right",
			paths[rows.raw(fieldID, i)]))
	}
	return rows.err
}
