package query

import (
	"cmp"

	"github.com/sightline/sightline/internal/store"
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

// add counts a copy. Of equally good ones the shortest path is shown, which is seldom that
// of a backup, and of equally long ones the first in order.
func (c *candidate) add(h store.Hit) {
	c.copies++
	if h.Score == c.Score && cmp.Or(cmp.Compare(len(h.Path), len(c.Path)), cmp.Compare(h.Path, c.Path)) < 0 {
		c.Hit = h
	}
}
