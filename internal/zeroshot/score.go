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
	Cosine      float32 // -1 to 1, less the label's offset where hubness is corrected
	Probability float32 // 0 to 1, calibrated
}

// Score judges every label for each row of vectors: unit vectors of pictures by the
// same model. Each slice has one Score a label, the most probable first and labels of
// equal probability in list order. It keeps all scores in memory, so that it is for
// a few pictures; TagImages goes through an index.
func (c *Classifier) Score(ctx context.Context, vectors vec.Matrix) ([][]Score, error) {
	if vectors.Rows == 0 {
		return [][]Score{}, nil
	}
	cosines := vec.NewMatrix(vectors.Rows, c.matrix.Rows)
	if err := c.engine.Score(ctx, c.matrix, vectors, cosines); err != nil {
		return nil, fmt.Errorf("comparing %d pictures with %d labels: %w", vectors.Rows, c.labels, err)
	}
	out := make([][]Score, vectors.Rows)
	for i := range out {
		row := cosines.Row(i)
		c.correct(row)
		scores := make([]Score, c.labels)
		b := c.background(row)
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

// correct takes the labels' offsets off their cosines.
func (c *Classifier) correct(cosines []float32) {
	for l, offset := range c.offsets {
		cosines[l] -= offset
	}
}

// background is one picture's cosines with the bank, and what they come to.
type background struct {
	bank  []float32
	value float64
}

func (c *Classifier) background(cosines []float32) background {
	bank := cosines[c.labels:]
	return background{bank: bank, value: c.calibration.Background(bank)}
}

// openProbability judges an open label. Where concepts of the bank mean the same as
// the label, they are left out for it.
func (c *Classifier) openProbability(label int, cosine float32, b *background) float32 {
	value := b.value
	if same := c.overlap[label]; len(same) > 0 {
		rest := make([]float32, 0, len(b.bank))
		for i, x := range b.bank {
			if !slices.Contains(same, i) {
				rest = append(rest, x)
			}
		}
		value = c.calibration.Background(rest)
	}
	return probability(c.calibration.Logit(cosine, value))
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
