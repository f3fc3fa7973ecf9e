package milvus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// Promote implements store.Promoter: it lets the alias point to this store's collection. A
// collection in use that was opened with Rebuild gets the index of the settings here.
func (s *Store) Promote(ctx context.Context) error {
	if err := s.beginChange(ctx); err != nil {
		return err
	}
	target, err := s.target(ctx)
	if err != nil {
		return err
	}
	switch target {
	case s.physical:
	case "":
		// There is none, or it points to a collection that is gone; which, only trying tells.
		if err = s.client.CreateAlias(ctx, s.physical, s.alias); err != nil {
			if aerr := s.client.AlterAlias(ctx, s.physical, s.alias); aerr == nil {
				err = nil
			}
		}
	default:
		err = s.client.AlterAlias(ctx, s.physical, s.alias)
	}
	if err != nil {
		return fmt.Errorf("letting %s stand for collection %s: %w", s.alias, s.physical, err)
	}
	s.inUse.Store(true)
	if s.reindex {
		s.reindex = false
		return s.replaceIndex(ctx)
	}
	return nil
}

// ModelIndexes implements store.ModelIndexKeeper. The number of records of those that are not
// in use is a guess of the server's, which counts what was deleted until it has
// tidied up.
func (s *Store) ModelIndexes(ctx context.Context) ([]store.ModelIndex, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	current, err := s.target(ctx)
	if err != nil {
		return nil, err
	}
	return s.modelIndexes(ctx, current)
}

func (s *Store) modelIndex(ctx context.Context, physical string) (store.ModelIndex, error) {
	m, _, err := s.readIndexMeta(ctx, physical)
	if err != nil {
		return store.ModelIndex{}, err
	}
	g := store.ModelIndex{Name: physical, Model: m.Model, Updated: time.Unix(0, m.Created).UTC()}
	var last updated
	found, err := s.readMeta(ctx, physical, idUpdated, service.Eventually, &last)
	if err != nil && !errors.Is(err, service.ErrNoCollection) {
		return g, err
	}
	if found {
		g.Updated = time.Unix(0, last.At).UTC()
	}
	// People choose what to use, and what to drop, by this number: it must hold what was
	// written a moment ago.
	g.Records, err = s.count(ctx, physical, always.everything(), service.Strong)
	return g, err
}

// DropModelIndex implements store.ModelIndexKeeper.
func (s *Store) DropModelIndex(ctx context.Context, name string) error {
	if err := s.beginChange(ctx); err != nil {
		return err
	}
	if !isPhysicalOf(s.alias, name) {
		return fmt.Errorf("collection %s is not one of index %s", name, s.meta.Collection)
	}
	current, err := s.target(ctx)
	if err != nil {
		return err
	}
	if name == current || name == s.physical {
		return fmt.Errorf("collection %s is in use and cannot be removed", name)
	}
	if err := s.claim(ctx, name); err != nil {
		return err
	}
	// The companion goes first: without it, what is left is no index to anybody.
	for _, collection := range []string{name + metaSuffix, name} {
		if err := s.client.DropCollection(ctx, collection); err != nil && !errors.Is(err, service.ErrNoCollection) {
			return fmt.Errorf("removing collection %s: %w", collection, err)
		}
	}
	return nil
}
