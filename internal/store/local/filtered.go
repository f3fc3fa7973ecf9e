package local

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
)

// selected returns the rows whose records meet a filter. In a large index they come from
// the attributes and the tag file, at a cost that hardly depends on how many they are. The
// catalogue hands over the rows one by one: it is asked where the index is small, or where
// the attributes have not been written yet.
func (s *Store) selected(ctx context.Context, sn *snapshot, f store.Filter) (*bitmap, error) {
	if sn.rowCount < s.cachesFrom {
		return sn.matching(ctx, f)
	}
	a, err := s.attributes(ctx, sn)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return sn.matching(ctx, f)
	}
	live, err := sn.live(ctx)
	if err != nil {
		return nil, err
	}
	b, err := (&selection{store: s, sn: sn, attributes: a, live: live}).of(ctx, f)
	if err != nil {
		return nil, err
	}
	b.and(live)
	return b, sn.settle(ctx, b, a, live, f)
}

// settle asks the catalogue about what the attributes do not know.
func (sn *snapshot) settle(ctx context.Context, b *bitmap, a *attributes, live *bitmap, f store.Filter) error {
	var rowIDs []int64
	for _, rowID := range a.unknown {
		if rowID < sn.rowCount && live.has(rowID) {
			b.clear(rowID)
			rowIDs = append(rowIDs, rowID)
		}
	}
	where, err := compile(f)
	if err != nil {
		return err
	}
	if err := sn.canAnswer(where); err != nil {
		return err
	}
	for chunk := range chunks(rowIDs) {
		query := "SELECT r.slot FROM records r WHERE r.slot IN " + list(len(chunk)) + " AND (" + where.sql + ")"
		if err := sn.eachRowID(ctx, condition{query, append(chunk, where.args...)}, b.set); err != nil {
			return err
		}
	}
	return nil
}

// matching returns the rows whose records meet a filter, by the catalogue alone.
func (sn *snapshot) matching(ctx context.Context, f store.Filter) (*bitmap, error) {
	where, err := compile(f)
	if err != nil {
		return nil, err
	}
	if err := sn.canAnswer(where); err != nil {
		return nil, err
	}
	b := newBitmap(sn.rowCount)
	return b, sn.eachRowID(ctx, condition{"SELECT r.slot FROM records r WHERE " + where.sql, where.args}, b.set)
}

// selection finds the rows that meet a filter. What it says of rows that are freed, and of
// those that the attributes do not know, means nothing: the caller takes them out.
type selection struct {
	store      *Store
	sn         *snapshot
	attributes *attributes
	live       *bitmap
}

// of returns the rows that meet a filter, in a bitmap of their own.
func (x *selection) of(ctx context.Context, f store.Filter) (*bitmap, error) {
	n := x.sn.rowCount
	switch f := f.(type) {
	case nil:
		return full(n), nil
	case store.And:
		return x.join(ctx, f, full(n), (*bitmap).and)
	case store.Or:
		return x.join(ctx, f, newBitmap(n), (*bitmap).or)
	case store.Not:
		b, err := x.of(ctx, f.Part)
		if err == nil {
			b.invert()
		}
		return b, err
	case store.Under:
		exact, prefix := f.Bounds()
		// The prefix ends in a slash: a path begins with it if its folder does.
		b := x.attributes.inGroups(n, func(g group) bool { return strings.HasPrefix(g.folder, prefix) })
		return b, x.sn.eachRowID(ctx, condition{"SELECT slot FROM records WHERE path = ?", []any{[]byte(exact)}}, b.set)
	case store.Since:
		sec, ns := secondsOf(time.Time(f))
		return x.attributes.since(n, sec, ns), nil
	case store.Until:
		sec, ns := secondsOf(time.Time(f))
		b := x.attributes.since(n, sec, ns)
		b.invert()
		return b, nil
	case store.Dated:
		return x.attributes.inGroups(n, func(g group) bool { return g.dated }), nil
	case store.FormatIs:
		return x.attributes.inGroups(n, func(g group) bool { return g.format == string(f) }), nil
	case store.SideAtLeast, store.SideAtMost, store.NameLike, store.CameraHas, store.CaptionHas,
		store.RatedAtLeast, store.RatedAtMost, store.Has, store.Within, store.WithID, store.WithContent:
		return x.sn.matching(ctx, f) // which no cache knows
	case store.HasTag:
		return x.tagged(ctx, label.Fold(string(f)))
	}
	return nil, fmt.Errorf("the store does not know filters of type %T", f)
}

// join adds what meets each of several filters to a set by an operation.
func (x *selection) join(ctx context.Context, parts []store.Filter, all *bitmap, add func(b, other *bitmap)) (*bitmap, error) {
	for _, f := range parts {
		b, err := x.of(ctx, f)
		if err != nil {
			return nil, err
		}
		add(all, b)
	}
	return all, nil
}

// tagged returns the rows with a tag, which is given in its folded form. They come from the
// tag file, and from the catalogue for the rows that the file does not cover, which are all
// where the tag is in few records.
func (x *selection) tagged(ctx context.Context, folded string) (*bitmap, error) {
	changes, err := x.sn.tagChanges(ctx)
	if err != nil {
		return nil, err
	}
	now := tagState{changes: changes, rowCount: x.sn.rowCount, freed: x.sn.rowCount - int64(x.live.size())}
	b, from, err := x.store.readTag(x.store.header(x.sn.generation), now, folded)
	if err != nil {
		x.store.log.Debug("filtering without the file of tags", "reason", err)
		b, from = newBitmap(x.sn.rowCount), 0
	}
	query := condition{"SELECT slot FROM tags WHERE folded = ? AND slot >= ?", []any{folded, from}}
	return b, x.sn.eachRowID(ctx, query, b.set)
}
