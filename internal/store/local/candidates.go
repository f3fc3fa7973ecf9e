package local

import (
	"cmp"
	"slices"

	"github.com/sightline/sightline/internal/vec"
)

// candidates are the records that may be among the k best of one query, as far as
// bounds of their scores tell.
type candidates struct {
	k     int
	floor *vec.TopK // the k best lower bounds
	// cut is what an upper bound must reach: the k-th best lower bound, or the least
	// score that is wanted if that is higher.
	cut   float32
	min   float32
	list  []candidate
	limit int // length of the list at which it is cleaned up
}

type candidate struct {
	rowID int64
	upper float32
}

// cleanFrom is the length at which a list of candidates is first cleaned up.
const cleanFrom = 1024

func newCandidates(n, k int, min float32) []*candidates {
	out := make([]*candidates, n)
	for i := range out {
		out[i] = &candidates{k: k, floor: vec.NewTopK(k), cut: min, min: min, limit: cleanFrom}
	}
	return out
}

// offer considers a record whose score lies between the bounds.
func (c *candidates) offer(rowID int64, lower, upper float32) {
	if !(upper >= c.cut) {
		return
	}
	c.list = append(c.list, candidate{rowID, upper})
	c.raise(int(rowID), lower)
	if len(c.list) >= c.limit {
		c.clean()
		c.limit = max(cleanFrom, 2*len(c.list))
	}
}

func (c *candidates) raise(rowID int, lower float32) {
	c.floor.Offer(rowID, lower)
	c.cut = max(c.min, c.floor.Threshold())
}

// clean drops what has fallen below the cut.
func (c *candidates) clean() {
	c.list = slices.DeleteFunc(c.list, func(x candidate) bool { return !(x.upper >= c.cut) })
}

// merge takes over the candidates of another part of the same scan.
func (c *candidates) merge(other *candidates) {
	for _, s := range other.floor.Sorted(nil) {
		c.raise(s.Index, s.Score)
	}
	c.list = append(c.list, other.list...)
	c.clean()
}

// sorted returns the candidates that are left, the most promising first.
func (c *candidates) sorted() []candidate {
	c.clean()
	slices.SortFunc(c.list, func(a, b candidate) int {
		if a.upper != b.upper {
			return cmp.Compare(b.upper, a.upper)
		}
		return cmp.Compare(a.rowID, b.rowID)
	})
	return c.list
}
