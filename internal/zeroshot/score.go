package zeroshot

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/sightline/sightline/internal/vec"
)

// Score is what a classifier says of one label for one picture.
type Score struct {
	Label       int     // place in the list
	Cosine      float32 // -1 to 1
	Probability float32 // 0 to 1, calibrated
}

// Score judges every label for each row of vectors: unit vectors of pictures by the
// same model. It returns one slice per row, with one Score per label, the most probable
// first and labels of equal probability in list order. It keeps all scores in memory, so
// it is for a few pictures; Best is for many.
func (c *Classifier) Score(ctx context.Context, vectors vec.Matrix) ([][]Score, error) {
	if vectors.Rows == 0 {
		return [][]Score{}, nil
	}
	cosines := vec.NewMatrix(vectors.Rows, c.matrix.Rows)
	if err := c.engine.Score(ctx, c.matrix, vectors, cosines); err != nil {
		return nil, fmt.Errorf("comparing %d pictures with %d labels: %w", vectors.Rows, c.labels, err)
	}
	out := make([][]Score, vectors.Rows)
	var b backdrop
	for i := range out {
		row := cosines.Row(i)
		scores := make([]Score, c.labels)
		c.set(&b, row[c.labels:])
		for l := range scores {
			scores[l] = Score{Label: l, Cosine: row[l]}
			if c.groupOf[l] < 0 {
				scores[l].Probability = c.openProbability(l, row[l], &b)
			}
		}
		for _, group := range c.groups {
			c.softmax(group, row, scores)
		}
		slices.SortStableFunc(scores, moreProbable)
		out[i] = scores
	}
	return out, nil
}

// moreProbable orders the best first.
func moreProbable(a, b Score) int {
	return cmp.Or(cmp.Compare(b.Probability, a.Probability), cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(a.Label, b.Label))
}

// enough reports whether a score passes the label's threshold, or else minimum.
func (c *Classifier) enough(s Score, minimum float32) bool {
	if t := c.list.Labels[s.Label].Threshold; t > 0 {
		minimum = t
	}
	return s.Probability >= minimum
}

// softmax shares the probability of a group among its labels.
func (c *Classifier) softmax(group []int, cosines []float32, scores []Score) {
	top := float32(math.Inf(-1))
	for _, l := range group {
		top = max(top, cosines[l])
	}
	var sum float64
	for _, l := range group {
		sum += math.Exp(c.scale * float64(cosines[l]-top))
	}
	for _, l := range group {
		scores[l].Probability = float32(math.Exp(c.scale*float64(cosines[l]-top)) / sum)
	}
}
