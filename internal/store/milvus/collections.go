package milvus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// Collections are the Sightline indexes on a server. It implements
// store.CollectionKeeper; other collections of the server are neither shown nor touched.
type Collections struct {
	s *Store // without an index of its own
}

var _ store.CollectionKeeper = (*Collections)(nil)

// OpenCollections connects to a server. Of the options, those about an index are not
// looked at.
func OpenCollections(ctx context.Context, o Options) (*Collections, error) {
	o.Collection, o.Model, o.ChooseModel, o.Mode = defaultCollection, store.Model{}, nil, store.ReadOnly
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s, err := connectStore(ctx, o)
	if err != nil {
		return nil, err
	}
	return &Collections{s: s}, nil
}

// Close implements store.CollectionKeeper.
func (c *Collections) Close() error { return c.s.client.Close() }

// Collections implements store.CollectionKeeper. A collection is on the server if one of
// its models' collections says that it is of it.
func (c *Collections) Collections(ctx context.Context) ([]store.Collection, error) {
	names, err := c.names(ctx)
	if err != nil {
		return nil, err
	}
	found := make(map[string]store.Collection)
	for _, physical := range names {
		m, ok, err := c.s.readIndexMeta(ctx, physical)
		if errors.Is(err, store.ErrNewerFormat) {
			ok, err = m.Collection != "", nil
		}
		if errors.Is(err, service.ErrNoCollection) {
			continue // it went while we looked
		}
		if err != nil {
			return nil, fmt.Errorf("collection %s: %w", physical, err)
		}
		if !ok || !isPhysicalOf(aliasOf(m.Collection), physical) {
			continue
		}
		if _, seen := found[m.Collection]; !seen {
			found[m.Collection] = store.Collection{Name: m.Collection}
		}
		if inUse, err := c.target(ctx, aliasOf(m.Collection)); err != nil {
			return nil, err
		} else if inUse != physical {
			continue
		}
		found[m.Collection] = store.Collection{Name: m.Collection, Model: m.Model}
		if err := c.measure(ctx, physical, m, found); errors.Is(err, service.ErrNoCollection) {
			delete(found, m.Collection)
		} else if err != nil {
			return nil, err
		}
	}
	out := make([]store.Collection, 0, len(found))
	for _, f := range found {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b store.Collection) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// measure adds the number of records and the time of the last change of a collection in
// use.
func (c *Collections) measure(ctx context.Context, physical string, m indexMeta, found map[string]store.Collection) error {
	g, err := c.s.modelIndex(ctx, physical)
	if err != nil {
		return fmt.Errorf("collection %s: %w", physical, err)
	}
	f := found[m.Collection]
	f.Records, f.Updated = g.Records, g.Updated
	found[m.Collection] = f
	return nil
}

// names lists the collections of the server that have a companion, as all of ours do.
func (c *Collections) names(ctx context.Context) ([]string, error) {
	all, err := c.s.client.ListCollections(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the collections: %w", err)
	}
	there := make(map[string]bool, len(all))
	for _, a := range all {
		there[a] = true
	}
	var out []string
	for name := range there {
		if there[name+metaSuffix] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// target is the collection that an alias stands for, "" for none.
func (c *Collections) target(ctx context.Context, alias string) (string, error) {
	d, err := c.s.client.DescribeCollection(ctx, alias)
	if errors.Is(err, service.ErrNoCollection) {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("looking for the index: %w", err)
	}
	if d.Name == alias { // no alias: somebody else's collection
		return "", nil
	}
	return d.Name, nil
}

// of lists the collections of an index, one per model, and the one in use.
func (c *Collections) of(ctx context.Context, name string) (physicals []string, inUse string, err error) {
	if err := store.CheckOpen(name, store.ReadOnly, store.Model{}); err != nil {
		return nil, "", err
	}
	all, err := c.names(ctx)
	if err != nil {
		return nil, "", err
	}
	for _, p := range all {
		if isPhysicalOf(aliasOf(name), p) {
			physicals = append(physicals, p)
		}
	}
	if len(physicals) == 0 {
		return nil, "", fmt.Errorf("collection %s on milvus at %s: %w", name, c.s.address, store.ErrNoIndex)
	}
	inUse, err = c.target(ctx, aliasOf(name))
	return physicals, inUse, err
}

// DropCollection implements store.CollectionKeeper. An index that another process writes,
// also beside the one in use, is store.ErrLocked, and nothing of it is removed.
func (c *Collections) DropCollection(ctx context.Context, name string) error {
	physicals, inUse, err := c.of(ctx, name)
	if err != nil {
		return err
	}
	if err := c.s.claimAll(ctx, physicals); err != nil {
		return err
	}
	if inUse != "" {
		if err := c.s.client.DropAlias(ctx, aliasOf(name)); err != nil {
			return fmt.Errorf("removing the alias %s: %w", aliasOf(name), err)
		}
	}
	for _, p := range physicals {
		// The companion goes last: while it is there, dropping can be done again.
		for _, collection := range []string{p, p + metaSuffix} {
			if err := c.s.client.DropCollection(ctx, collection); err != nil && !errors.Is(err, service.ErrNoCollection) {
				return fmt.Errorf("removing collection %s: %w", collection, err)
			}
		}
	}
	return nil
}

// RenameCollection implements store.CollectionKeeper. It takes several calls of the
// server. The alias of the old name is the last to go: where one of the calls after the
// first two is cut off, the index can still be opened by that name. An index that another
// process writes is store.ErrLocked, and keeps its name.
func (c *Collections) RenameCollection(ctx context.Context, from, to string) error {
	if err := store.CheckNewCollection(to); err != nil {
		return err
	}
	physicals, inUse, err := c.of(ctx, from)
	if err != nil {
		return err
	}
	taken, err := c.s.client.HasCollection(ctx, aliasOf(to)) // it answers for aliases too
	if err != nil {
		return fmt.Errorf("looking for collection %s: %w", to, err)
	}
	if taken {
		return fmt.Errorf("collection %s on milvus at %s: %w", to, c.s.address, store.ErrExists)
	}
	if err := c.s.claimAll(ctx, physicals); err != nil {
		return err
	}
	var all []string
	for _, p := range physicals {
		renamed, err := c.renamePhysical(ctx, p, from, to)
		if err != nil {
			return err
		}
		all = append(all, renamed)
		if p == inUse {
			inUse = renamed
		}
	}
	if err := c.s.unclaim(ctx, all...); err != nil {
		return fmt.Errorf("letting collection %s be written again: %w", to, err)
	}
	if inUse == "" {
		return nil
	}
	if err := c.s.client.CreateAlias(ctx, inUse, aliasOf(to)); err != nil {
		return fmt.Errorf("letting %s stand for collection %s: %w", aliasOf(to), inUse, err)
	}
	if err := c.s.client.DropAlias(ctx, aliasOf(from)); err != nil {
		return fmt.Errorf("removing the alias %s: %w", aliasOf(from), err)
	}
	return nil
}

// renamePhysical renames the collection of a model, and lets its companion say so.
func (c *Collections) renamePhysical(ctx context.Context, physical, from, to string) (string, error) {
	m, found, err := c.s.readIndexMeta(ctx, physical)
	if err != nil || !found {
		return "", errors.Join(err, fmt.Errorf("collection %s does not say what built it", physical))
	}
	if m.IDSpace == "" {
		m.IDSpace = m.Collection
	}
	m.Collection = to
	renamed := aliasOf(to) + strings.TrimPrefix(physical, aliasOf(from))
	for _, suffix := range []string{"", metaSuffix} {
		if err := c.s.client.RenameCollection(ctx, physical+suffix, renamed+suffix); err != nil {
			return "", fmt.Errorf("renaming collection %s: %w", physical+suffix, err)
		}
	}
	if err := c.s.writeMeta(ctx, renamed, metaRow{id: idIndex, kind: kindMeta, data: m}); err != nil {
		return "", fmt.Errorf("noting the name of collection %s: %w", renamed, err)
	}
	// What is written is to be read by whoever opens the index next.
	if _, err := c.s.count(ctx, renamed+metaSuffix, fieldID+` == ""`, service.Strong); err != nil {
		return "", fmt.Errorf("reading collection %s: %w", renamed, err)
	}
	return renamed, nil
}
