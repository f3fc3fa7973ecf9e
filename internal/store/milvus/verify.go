package milvus

import (
	"context"
	"errors"
	"fmt"

	"github.com/milvus-io/milvus-sdk-go/v2/entity"

	"github.com/sightline/sightline/internal/store"
)

// Verify implements store.Verifier. It reads every record with its vector and every
// failure, and counts them. Rows that another client wrote in a way of its own are warned
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
	seen := make(map[string]bool)
	err = s.scanPages(ctx, nil, store.Fields{Vectors: true}, func(page []store.Record) error {
		for i := range page {
			r := &page[i]
			if seen[r.ID] {
				found(fmt.Sprintf("record %s is there more than once", r.ID))
			}
			seen[r.ID] = true
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
		if seen[f.ID] {
			found(fmt.Sprintf("%q is a record and a failure: a change was cut short; indexer retry puts it right", f.Path))
		}
	}
	if _, err := s.readMeta(ctx, s.physical, idIndex, entity.ClStrong, &indexMeta{}); errors.Is(err, store.ErrDamaged) {
		found(err.Error())
	} else if err != nil {
		return err
	}
	return nil
}
