package milvus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// open finds the index, or makes it.
func (s *Store) open(ctx context.Context, o Options) error {
	target, err := s.target(ctx)
	if err != nil {
		return err
	}
	switch {
	case target != "":
		return s.openTarget(ctx, target, o)
	case o.Mode.Creates():
		if err := o.choose(store.Model{}); err != nil {
			return err
		}
		if err := s.create(ctx, o); err != nil {
			return err
		}
		return s.Promote(ctx)
	}
	return s.noTarget(ctx, o.Collection)
}

// openTarget opens the collection in use, or another beside it for a new model.
func (s *Store) openTarget(ctx context.Context, target string, o Options) error {
	if target == s.alias {
		return &fault.Error{
			Err:    fmt.Errorf("milvus at %s has a collection %s that is not a Sightline index", s.address, target),
			Advice: "choose another name with --collection",
		}
	}
	m, found, err := s.readIndexMeta(ctx, target)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("collection %s on milvus at %s: %w: it does not say what built it", target, s.address, store.ErrDamaged)
	}
	if err := o.choose(m.Model); err != nil {
		return err
	}
	if o.Model.Fingerprint != "" && o.Model.Fingerprint != m.Model.Fingerprint {
		if o.Mode != store.Rebuild {
			return &store.ModelMismatchError{Have: m.Model, Want: o.Model}
		}
		return s.create(ctx, o)
	}
	s.inUse.Store(true)
	if err := s.use(ctx, target, m); err != nil {
		return err
	}
	s.reindex = o.Mode == store.Rebuild && !s.index.is(o.Index)
	return nil
}

// target returns the collection that the alias points to, and "" if there is none.
func (s *Store) target(ctx context.Context) (string, error) {
	c, err := s.client.DescribeCollection(ctx, s.alias)
	if errors.Is(err, service.ErrNoCollection) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("looking for the index: %w", err)
	}
	return c.Name, nil
}

// physicals lists the collections of records of the index, one per model.
func (s *Store) physicals(ctx context.Context) ([]string, error) {
	all, err := s.client.ListCollections(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the collections: %w", err)
	}
	var out []string
	for _, c := range all {
		if isPhysicalOf(s.alias, c) {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return out, nil
}

// use makes a collection the one that this store works with.
func (s *Store) use(ctx context.Context, physical string, m indexMeta) error {
	s.physical, s.meta = physical, m
	// An SDK may describe a collection when it is first used, on behalf of whoever asks
	// first; the others would fail if that one were cancelled.
	for _, name := range []string{physical, physical + metaSuffix} {
		if _, err := s.client.DescribeCollection(ctx, name); err != nil {
			return fmt.Errorf("looking at the index: %w", err)
		}
	}
	if err := s.adoptIndex(ctx, physical); err != nil {
		return err
	}
	if _, err := s.readMeta(ctx, physical, idTuning, service.Eventually, &s.tuned); err != nil {
		return fmt.Errorf("reading what was tuned: %w", err)
	}
	if !s.mode.Writes() {
		return nil
	}
	// A writer reads its own writes from here on; that it also sees what others wrote
	// before is the work of this call.
	if err := s.await(ctx, service.Strong); err != nil {
		return err
	}
	if err := s.learnFailed(ctx); err != nil {
		return err
	}
	return s.holdLease(ctx)
}

// create makes the collections for a model, or goes on where making them was cut
// short, and uses them.
func (s *Store) create(ctx context.Context, o Options) error {
	physical := physicalOf(s.alias, o.Model)
	both, bothCtx := errgroup.WithContext(ctx)
	add := func(schema service.Schema, index Index, scalars ...scalarIndex) {
		both.Go(func() error {
			if err := s.createCollection(bothCtx, schema, index.service(), scalars...); err != nil {
				return fmt.Errorf("making collection %s: %w", schema.Name, err)
			}
			return nil
		})
	}
	add(recordSchema(physical, o.Model.Dim), o.Index, scalarIndexes...)
	add(metaSchema(physical+metaSuffix), Index{Type: "FLAT"})
	if err := both.Wait(); err != nil {
		return err
	}
	m, found, err := s.readIndexMeta(ctx, physical)
	if err != nil {
		return err
	}
	if found && m.Model.Fingerprint != o.Model.Fingerprint {
		return &store.ModelMismatchError{Have: m.Model, Want: o.Model}
	}
	if !found {
		m = indexMeta{
			Format: formatVersion, Collection: o.Collection, Model: o.Model, Index: o.Index.Type,
			Created: time.Now().UnixNano(),
		}
		if o.IDSpace != o.Collection {
			m.IDSpace = o.IDSpace
		}
		if err := s.writeMeta(ctx, physical, metaRow{id: idIndex, kind: kindMeta, data: m}); err != nil {
			return fmt.Errorf("noting the model: %w", err)
		}
	}
	return s.use(ctx, physical, m)
}

// createCollection makes one collection with its index, and loads it. Each step is
// left out where it has been done.
func (s *Store) createCollection(ctx context.Context, schema service.Schema, index service.Index, scalars ...scalarIndex) error {
	name := schema.Name
	exists, err := s.client.HasCollection(ctx, name)
	if err != nil {
		return err
	}
	if !exists {
		o := service.CreateOptions{Shards: 1, Consistency: service.Bounded}
		if len(scalars) > 0 { // a collection of records
			o.Shards = s.shards
			if s.mmap {
				o.Properties = map[string]string{mmapProperty: "true"}
			}
		}
		if err := s.client.CreateCollection(ctx, schema, o); err != nil {
			return err
		}
	}
	// A server answers that there is no index with an error; making one that exists
	// is an error too, so that what fails here shows there.
	if have, err := s.client.DescribeIndex(ctx, name, fieldVector); err != nil || len(have) == 0 {
		if err := s.client.CreateIndex(ctx, name, fieldVector, index); err != nil {
			return err
		}
	}
	for _, x := range scalars {
		if _, err := s.createScalarIndex(ctx, name, x); err != nil {
			return err
		}
	}
	return s.load(ctx, name)
}
