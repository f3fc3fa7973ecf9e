package query

import (
	"cmp"
	"context"

	"github.com/sightline/sightline/internal/query/duplicates"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// folder finds pictures of the same content among those that came before.
type folder struct{ at map[string]int }

func newFolder() folder { return folder{make(map[string]int)} }

// find returns the place of the picture whose content h has, or takes h's own place down.
// A picture without a content hash is nobody's copy.
func (f folder) find(h store.Hit, place int) (int, bool) {
	if len(h.ContentHash) == 0 {
		return 0, false
	}
	i, ok := f.at[string(h.ContentHash)]
	if !ok {
		f.at[string(h.ContentHash)] = place
	}
	return i, ok
}

// nearKept bounds with how many of the hits before it a hit is compared point by point.
const nearKept = 500

// nearOf returns the place of a kept hit that shows nearly the same as h, by their
// embeddings and point by point, where both are known. look is what h shows; nil for what
// is not known.
func (s *Service) nearOf(ctx context.Context, kept []candidate, h store.Hit, look *duplicates.Look) (place int, ok bool, err error) {
	if look == nil {
		return 0, false, nil
	}
	for i := range kept[:min(len(kept), nearKept)] {
		if kept[i].look == nil || !duplicates.AreNear(kept[i].look, look) {
			continue
		}
		vectors, hits, err := s.vectorsOf(ctx, []store.Hit{kept[i].Hit, h})
		if err != nil {
			return 0, false, err
		}
		if len(hits) == 2 && vec.Dot(vectors.Row(0), vectors.Row(1)) >= duplicates.MinCosine {
			return i, true, nil
		}
	}
	return 0, false, nil
}

// lookOf is what a hit shows, nil where that is not known.
func (s *Service) lookOf(h store.Hit) *duplicates.Look {
	if s.looks == nil || len(h.ContentHash) == 0 {
		return nil
	}
	l, _ := s.looks(h.ContentHash)
	return l
}

// add counts a copy. Of equally good ones the shortest path is shown, which is seldom that
// of a backup, and of equally long ones the first in order.
func (c *candidate) add(h store.Hit) {
	c.copies++
	if h.Score == c.Score && cmp.Or(cmp.Compare(len(h.Path), len(c.Path)), cmp.Compare(h.Path, c.Path)) < 0 {
		c.Hit = h
	}
}
