package zeroshot

import (
	"context"

	"github.com/sightline/sightline/internal/vec"
)

// Judge scores some labels for some pictures: labels[i] are places in the list, and the
// result's row i holds those of them that the picture of vectors' row i may get. A label
// is left out where another one of its exclusive group fits better, or where it is not
// probable enough, as in Best. vectors are unit rows by the same model.
func (c *Classifier) Judge(ctx context.Context, vectors vec.Matrix, labels [][]int, minimum float32) ([][]Score, error) {
	background := vec.NewMatrix(vectors.Rows, c.background().Rows)
	if err := c.engine.Score(ctx, c.background(), vectors, background); err != nil {
		return nil, err
	}
	out := make([][]Score, vectors.Rows)
	var b backdrop
	for i := range out {
		c.set(&b, background.Row(i))
		for _, l := range labels[i] {
			if s, ok := c.judgeOne(l, vectors.Row(i), &b); ok && c.enough(s, minimum) {
				out[i] = append(out[i], s)
			}
		}
	}
	return out, nil
}

// judgeOne scores a label for a picture. It returns false for a label that is not the
// best of its group.
func (c *Classifier) judgeOne(label int, vector []float32, b *backdrop) (Score, bool) {
	g := c.groupOf[label]
	if g < 0 {
		cosine := vec.Dot(c.matrix.Row(label), vector)
		return Score{Label: label, Cosine: cosine, Probability: c.openProbability(label, cosine, b)}, true
	}
	cosines := make([]float32, len(c.groups[g]))
	places := make([]int, len(cosines))
	for i, l := range c.groups[g] {
		cosines[i], places[i] = vec.Dot(c.matrix.Row(l), vector), i
	}
	s := c.bestOfGroup(places, cosines)
	s.Label = c.groups[g][s.Label]
	return s, s.Label == label
}
