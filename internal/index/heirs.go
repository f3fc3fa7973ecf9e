package index

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/sightline/sightline/internal/store"
)

// legacy is what a person said of a picture whose file is gone. Where a copy of the picture
// stays, it is not lost with the record.
type legacy struct {
	path string
	hash [sha256.Size]byte
	tags []store.Tag // from "user"
}

// legacyOf returns that of a record, if a person gave it tags.
func legacyOf(r store.Record) (legacy, bool) {
	tags := tagsFrom(r.Tags, "user")
	if len(tags) == 0 || len(r.ContentHash) != sha256.Size {
		return legacy{}, false
	}
	return legacy{path: r.Path, hash: [sha256.Size]byte(r.ContentHash), tags: tags}, true
}

// heirs are the copies of one picture that stay and have no tags of a person: those whose
// files are at their places, and those whose disks may be away.
type heirs struct{ there, away byEnd }

// passOn gives the tags of each legacy to a copy that stays, has none of its own and is
// ours to change: the one whose path ends most like that of the picture that went. It
// returns how many found one.
func passOn(ctx context.Context, st store.Store, legacies []legacy, goes, ours func(id string) bool) (int64, error) {
	known := make(map[[sha256.Size]byte]*heirs)
	given := make(map[string][]store.Tag)
	for _, l := range legacies {
		h := known[l.hash]
		if h == nil {
			var err error
			if h, err = findHeirs(ctx, st, l.hash, goes, ours); err != nil {
				return 0, err
			}
			known[l.hash] = h
		}
		heir, _ := h.there.nearest(l.path)
		if heir == nil {
			heir, _ = h.away.nearest(l.path)
		}
		if heir != nil {
			heir.taken = true
			given[heir.id] = l.tags
		}
	}
	var passed int64
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(given)), pruneChunk) {
		some := make(map[string][]store.Tag, len(ids))
		for _, id := range ids {
			some[id] = given[id]
		}
		if err := st.SetTags(ctx, "user", some); err != nil {
			return passed, fmt.Errorf("giving the tags of %d pictures that are gone to their copies: %w", len(some), err)
		}
		passed += int64(len(some))
	}
	return passed, nil
}

func findHeirs(ctx context.Context, st store.Store, hash [sha256.Size]byte, goes, ours func(id string) bool) (*heirs, error) {
	var there, away []*lost
	for r, err := range st.Scan(ctx, store.WithContent(hash[:]), store.Fields{}) {
		if err != nil {
			return nil, fmt.Errorf("looking for copies of pictures that are gone: %w", err)
		}
		if goes(r.ID) || !ours(r.ID) || len(tagsFrom(r.Tags, "user")) > 0 {
			continue
		}
		if l := (&lost{id: r.ID, path: r.Path, root: r.Root}); present(r.Path) {
			there = append(there, l)
		} else {
			away = append(away, l)
		}
	}
	return &heirs{newByEnd(there), newByEnd(away)}, nil
}
