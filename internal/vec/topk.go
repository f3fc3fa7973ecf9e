package vec

import (
	"math"
	"slices"
)

// Scored is a row number with its score.
type Scored struct {
	Index int
	Score float32
}

// TopK keeps the k best of the rows offered to it. Rows that tie with the last of
// them are kept too: the caller says at the end which of them to prefer, see Sorted.
// The zero value keeps nothing. It is not safe for concurrent use.
type TopK struct {
	k    int
	heap []Scored // the k best so far as a heap, worst at the root
	ties []Scored // everything else that scored exactly as the root
}

// NewTopK returns a selector of the k best. Memory grows with what is offered, not
// with k, so that k may be very large.
func NewTopK(k int) *TopK {
	return &TopK{k: k}
}

// Threshold is the score below which an offer changes nothing: callers with many
// rows compare with it before they do anything else.
func (t *TopK) Threshold() float32 {
	switch {
	case t.k <= 0:
		return float32(math.Inf(1))
	case len(t.heap) < t.k:
		return float32(math.Inf(-1))
	}
	return t.heap[0].Score
}

// Offer considers one row. A score that is NaN is never kept.
func (t *TopK) Offer(index int, score float32) {
	if score != score || t.k <= 0 {
		return
	}
	s := Scored{Index: index, Score: score}
	if len(t.heap) < t.k {
		t.heap = append(t.heap, s)
		t.up(len(t.heap) - 1)
		return
	}
	switch root := t.heap[0]; {
	case score < root.Score:
	case score == root.Score:
		t.ties = append(t.ties, s)
	default:
		t.heap[0] = s
		t.down(0)
		if t.heap[0].Score == root.Score {
			t.ties = append(t.ties, root)
		} else {
			t.ties = t.ties[:0]
		}
	}
}

// Tied returns the rows whose scores are not unique among those kept, the ones that
// Sorted will have to compare. It is empty in most searches.
func (t *TopK) Tied() []int {
	all := t.all()
	slices.SortFunc(all, byScore)
	var tied []int
	for i, s := range all {
		if (i > 0 && all[i-1].Score == s.Score) || (i+1 < len(all) && all[i+1].Score == s.Score) {
			tied = append(tied, s.Index)
		}
	}
	return tied
}

// Sorted returns the k best, best first. before orders rows of equal score and must
// be a strict order; nil stands for the order of row numbers. It is asked only about
// rows that Tied returns.
func (t *TopK) Sorted(before func(a, b int) bool) []Scored {
	all := t.all()
	slices.SortFunc(all, func(a, b Scored) int {
		if c := byScore(a, b); c != 0 || a.Index == b.Index {
			return c
		}
		if before == nil {
			return a.Index - b.Index
		}
		if before(a.Index, b.Index) {
			return -1
		}
		return 1
	})
	return all[:min(len(all), max(t.k, 0))]
}

func (t *TopK) all() []Scored {
	return slices.Concat(t.heap, t.ties)
}

// byScore orders the best first.
func byScore(a, b Scored) int {
	switch {
	case a.Score > b.Score:
		return -1
	case a.Score < b.Score:
		return 1
	}
	return 0
}

func (t *TopK) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if t.heap[parent].Score <= t.heap[i].Score {
			return
		}
		t.heap[parent], t.heap[i] = t.heap[i], t.heap[parent]
		i = parent
	}
}

func (t *TopK) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(t.heap) {
			return
		}
		if child+1 < len(t.heap) && t.heap[child+1].Score < t.heap[child].Score {
			child++
		}
		if t.heap[i].Score <= t.heap[child].Score {
			return
		}
		t.heap[i], t.heap[child] = t.heap[child], t.heap[i]
		i = child
	}
}
