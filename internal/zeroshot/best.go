package zeroshot

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sightline/sightline/internal/vec"
)

const (
	// blockScores bounds the scores of one block of pictures over all labels: 16 MB.
	blockScores = 1 << 22
	// blockPictures bounds the pictures of a block where there are few labels.
	blockPictures = 4096
)

// BlockSize is how many pictures Best compares with all labels at once. A caller that hands
// over that many uses no more memory than one picture more would.
func (c *Classifier) BlockSize() int {
	if c.coarse != nil { // which has bounds of its own
		return blockPictures
	}
	return max(1, min(blockPictures, blockScores/c.matrix.Rows))
}

// Best returns, for each row of vectors, at most top labels that are probable enough, the
// most probable first. Candidates are the open labels of highest cosine, shifted as the
// calibration wants it, those made of pictures, and the best label of each exclusive group. A label is probable
// enough from its own threshold on, or from minimum on where it has none. vectors are unit
// rows by the same model.
func (c *Classifier) Best(ctx context.Context, vectors vec.Matrix, top int, minimum float32) ([][]Score, error) {
	out := make([][]Score, vectors.Rows)
	size := c.BlockSize()
	for from := 0; from < vectors.Rows; from += size {
		part := vectors.Slice(from, min(from+size, vectors.Rows))
		if c.coarse != nil {
			if err := c.bestCoarse(ctx, part, top, minimum, out[from:from+part.Rows]); err != nil {
				return nil, err
			}
			continue
		}
		cosines := vec.NewMatrix(part.Rows, c.matrix.Rows)
		if err := c.engine.Score(ctx, c.matrix, part, cosines); err != nil {
			return nil, fmt.Errorf("comparing %d pictures with %d labels: %w", part.Rows, c.labels, err)
		}
		each(part.Rows, func(i int) { out[from+i] = c.best(cosines.Row(i), top, minimum) })
	}
	return out, nil
}

// best chooses the labels of one picture from its cosines.
func (c *Classifier) best(cosines []float32, top int, minimum float32) []Score {
	var b backdrop
	c.set(&b, cosines[c.labels:])
	t := vec.NewTopK(top)
	for _, l := range c.open {
		if s := cosines[l] + c.shifts[l]; s >= t.Threshold() {
			t.Offer(l, s)
		}
	}
	found := c.keepOpen(t.Sorted(nil), &b, top, minimum)
	for l, p := range c.own {
		if p == nil {
			continue
		}
		if s := (Score{Label: l, Cosine: cosines[l], Probability: probability(p.logOdds(cosines[l]))}); c.enough(s, minimum) {
			found = append(found, s)
		}
	}
	for _, group := range c.groups {
		if s := c.bestOfGroup(group, cosines); c.enough(s, minimum) {
			found = append(found, s)
		}
	}
	return mostProbable(found, top)
}

// keepOpen judges open labels, which come with their shifted cosines.
func (c *Classifier) keepOpen(best []vec.Scored, b *backdrop, top int, minimum float32) []Score {
	var found []Score
	for _, s := range best {
		cosine := s.Score - c.shifts[s.Index]
		score := Score{Label: s.Index, Cosine: cosine, Probability: c.openProbability(s.Index, cosine, b)}
		if c.enough(score, minimum) {
			found = append(found, score)
		}
	}
	return mostProbable(found, top)
}

func mostProbable(found []Score, top int) []Score {
	slices.SortFunc(found, moreProbable)
	n := min(len(found), top)
	return found[:n:n]
}

// bestOfGroup returns the group's best label, the first in the list of equal ones.
func (c *Classifier) bestOfGroup(group []int, cosines []float32) Score {
	best := group[0]
	for _, l := range group {
		if cosines[l] > cosines[best] {
			best = l
		}
	}
	share := c.scale * float64(cosines[best])
	return Score{Label: best, Cosine: cosines[best], Probability: groupShare(share, group, cosines, c.scale)}
}

// each calls f for 0 to n-1 on all cores.
func each(n int, f func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}

// groupShare is the softmax share of the label whose scaled cosine is share.
func groupShare(share float64, group []int, cosines []float32, scale float64) float32 {
	var sum float64
	for _, l := range group {
		sum += math.Exp(scale*float64(cosines[l]) - share)
	}
	return float32(1 / sum)
}
