package tokenizer

import (
	"cmp"
	"slices"
)

// mergeTable is the merges of a byte-pair encoding by their left part: those of the
// token l are entries[start[l]:start[l+1]], by their right part. It is flat so that it
// can be kept in a file and used as it is read: building a map of CLIP's 49,000 merges
// takes longer than a search.
type mergeTable struct {
	start   []uint32
	entries []mergeEntry
}

// mergeEntry is what its left part becomes together with right, and how early.
type mergeEntry struct{ right, rank, id uint32 }

// newMergeTable takes the merges by rank, as pairs with what they become.
func newMergeTable(pairs []pair, ids []uint32) mergeTable {
	order := make([]int, len(pairs))
	var most uint32
	for i, p := range pairs {
		order[i], most = i, max(most, p.left)
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(pairs[a].left, pairs[b].left), cmp.Compare(pairs[a].right, pairs[b].right))
	})
	t := mergeTable{start: make([]uint32, int(most)+2), entries: make([]mergeEntry, 0, len(pairs))}
	for n, i := range order {
		e := mergeEntry{right: pairs[i].right, rank: uint32(i), id: ids[i]}
		if n > 0 && pairs[order[n-1]] == pairs[i] { // listed twice: the later one counts
			t.entries[len(t.entries)-1] = e
			continue
		}
		t.entries = append(t.entries, e)
		t.start[pairs[i].left+1]++
	}
	for l := range len(t.start) - 1 {
		t.start[l+1] += t.start[l]
	}
	return t
}

// find returns what a pair becomes.
func (t *mergeTable) find(p pair) (merge, bool) {
	if int64(p.left)+1 >= int64(len(t.start)) {
		return merge{}, false
	}
	entries := t.entries[t.start[p.left]:t.start[p.left+1]]
	i, ok := slices.BinarySearchFunc(entries, p.right, func(e mergeEntry, right uint32) int { return cmp.Compare(e.right, right) })
	if !ok {
		return merge{}, false
	}
	return merge{entries[i].rank, entries[i].id}, true
}

// sound reports whether find is safe on a table that was read from a file.
func (t *mergeTable) sound() bool {
	n := len(t.start)
	return n > 0 && slices.IsSorted(t.start) && int64(t.start[n-1]) == int64(len(t.entries))
}
