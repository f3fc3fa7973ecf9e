package milvus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// lostAlias is the error of an index whose alias is gone, or points to a collection that
// is. It says what collections are there, and is a store.ErrNoIndex: making one, or going
// on with one, puts it right.
type lostAlias struct {
	address, alias string
	there          []store.ModelIndex
}

func (e *lostAlias) Error() string {
	var list []string
	for _, x := range e.there {
		model := "of a model that it does not say"
		if x.Model.Fingerprint != "" {
			model = "of model " + x.Model.Label()
		}
		list = append(list, fmt.Sprintf("%s (%d pictures, %s)", x.Name, x.Records, model))
	}
	return fmt.Sprintf("milvus at %s has no alias %s, which says what collection is in use; there are: %s",
		e.address, e.alias, strings.Join(list, ", "))
}

func (e *lostAlias) Is(target error) bool { return target == store.ErrNoIndex }

// noTarget is the error of an index without a collection in use.
func (s *Store) noTarget(ctx context.Context, collection string) error {
	there, err := s.modelIndexes(ctx, "")
	if err != nil {
		return err
	}
	if len(there) == 0 {
		return fmt.Errorf("on milvus at %s: %w", s.address, store.ErrNoIndex)
	}
	use, makes := "COLLECTION", "makes one of them the one in use"
	if len(there) == 1 {
		use, makes = there[0].Name, "makes it the one in use"
	}
	return &fault.Error{
		Err:    &lostAlias{address: s.address, alias: s.alias, there: there},
		Advice: command("repair", collection) + " --use " + use + " " + makes + "; nothing was changed",
	}
}

// defaultCollection is the collection of commands that name none.
const defaultCollection = "default"

// command is an indexer command for an index on a server, as a hint names it.
func command(name, collection string) string {
	out := "indexer " + name + " --store " + Kind
	if collection != defaultCollection {
		out += " --collection " + collection
	}
	return out
}

// Repair makes a collection the one in use, where the alias is lost or stands for
// another, and returns what it is. It must be one of those of the index, whole, and not
// in the works of another process unless it is in use already. With use "" it changes
// nothing and returns the error of opening the index, if any. Of the options it takes
// those of the connection, and Collection.
func Repair(ctx context.Context, o Options, use string) (store.ModelIndex, error) {
	o.Mode, o.Model, o.ChooseModel = store.ReadOnly, store.Model{}, nil
	o, err := o.withDefaults()
	if err != nil {
		return store.ModelIndex{}, err
	}
	s, err := connectStore(ctx, o)
	if err != nil {
		return store.ModelIndex{}, err
	}
	defer s.client.Close()
	x, err := s.repair(impatient(ctx), o.Collection, use)
	if err != nil {
		return x, fmt.Errorf("repair index %s: %w", o.Collection, err)
	}
	return x, nil
}

func (s *Store) repair(ctx context.Context, collection, use string) (store.ModelIndex, error) {
	target, err := s.target(ctx)
	if err != nil {
		return store.ModelIndex{}, err
	}
	there, err := s.modelIndexes(ctx, target)
	if err != nil {
		return store.ModelIndex{}, err
	}
	if use == "" {
		if target == "" {
			return store.ModelIndex{}, s.noTarget(ctx, collection)
		}
		use = target
	}
	i := slices.IndexFunc(there, func(x store.ModelIndex) bool { return x.Name == use })
	if i < 0 {
		names := make([]string, len(there))
		for i, x := range there {
			names[i] = x.Name
		}
		return store.ModelIndex{}, &fault.Error{Kind: fault.Usage,
			Err: fmt.Errorf("milvus at %s has no collection %q of this index; there are: %s", s.address, use, strings.Join(names, ", "))}
	}
	x := there[i]
	if x.Model.Fingerprint == "" {
		return x, fmt.Errorf("collection %s does not say what model built it, and cannot be used", use)
	}
	if x.Current {
		return x, nil
	}
	leases, err := s.leases(ctx, use)
	if err != nil {
		return x, err
	}
	for _, l := range leases {
		if l.fresh(s.leaseEvery) {
			return x, beingWritten(use, l)
		}
	}
	s.physical, s.mode = use, store.ReadWrite
	x.Current = true
	return x, s.Promote(ctx)
}

// modelIndexes lists the indexes of the collection, of which one may be current.
func (s *Store) modelIndexes(ctx context.Context, current string) ([]store.ModelIndex, error) {
	names, err := s.physicals(ctx)
	if err != nil {
		return nil, err
	}
	var out []store.ModelIndex
	for _, name := range names {
		x, err := s.modelIndex(ctx, name)
		if errors.Is(err, service.ErrNoCollection) {
			continue // it went while we looked
		}
		if err != nil {
			return nil, fmt.Errorf("collection %s: %w", name, err)
		}
		x.Current = name == current
		out = append(out, x)
	}
	slices.SortStableFunc(out, func(a, b store.ModelIndex) int {
		switch {
		case a.Current:
			return -1
		case b.Current:
			return 1
		}
		return b.Updated.Compare(a.Updated)
	})
	return out, nil
}
