package zeroshot

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/vec"
)

// Adjustment is what was learned about an open label from corrected pictures. The log odds
// for a picture x become what they were, plus Offset, plus the inner product of Direction
// and x.
type Adjustment struct {
	Label     int // place in the list
	Offset    float64
	Direction []float32 // nil for none
	Threshold float32   // takes the place of the label's own; 0 leaves that
}

// Adjusted returns a classifier that heeds adjustments; c itself stays as it is. Its
// provenance is that of c: what was learned is not a part of it. Labels of exclusive
// groups have no log odds of their own: of those the threshold alone counts.
func (c *Classifier) Adjusted(adjustments []Adjustment) (*Classifier, error) {
	if len(adjustments) == 0 {
		return c, nil
	}
	out := *c
	out.shifts = slices.Clone(c.shifts)
	out.matrix = vec.Matrix{Data: slices.Clone(c.matrix.Data), Rows: c.matrix.Rows, Cols: c.matrix.Cols}
	out.list = &label.List{Source: c.list.Source, Labels: slices.Clone(c.list.Labels)}
	slope := c.slope()
	if !(slope > 0) {
		return nil, fmt.Errorf("the calibration %s does not rise with the cosine, so that nothing can be learned for it", c.calibration.Name())
	}
	for _, a := range adjustments {
		if a.Label < 0 || a.Label >= c.labels || a.Direction != nil && len(a.Direction) != c.matrix.Cols ||
			math.IsNaN(a.Offset) || math.IsInf(a.Offset, 0) {
			return nil, fmt.Errorf("the adjustment of label %d does not fit the classifier", a.Label)
		}
		if a.Threshold > 0 {
			out.list.Labels[a.Label].Threshold = a.Threshold
		}
		if c.groupOf[a.Label] >= 0 {
			continue
		}
		rise := slope
		if c.isOwn(a.Label) {
			p := *c.own[a.Label]
			rise = p.Gain
			p.Offset += a.Offset
			out.own = slices.Clone(out.own)
			out.own[a.Label] = &p
		} else {
			out.shifts[a.Label] += float32(a.Offset / slope)
		}
		row := out.matrix.Row(a.Label)
		for i, x := range a.Direction {
			row[i] += float32(float64(x) / rise)
		}
	}
	// Those who search for the labels need unit rows.
	out.unit = vec.Matrix{Data: slices.Clone(out.matrix.Data[:out.labels*out.matrix.Cols]), Rows: out.labels, Cols: out.matrix.Cols}
	for l := range out.labels {
		if err := vec.Normalize(out.unit.Row(l)); err != nil {
			return nil, fmt.Errorf("what was learned of %q leaves nothing of it: %w", out.list.Labels[l].Name, err)
		}
	}
	if c.coarse != nil {
		out.coarse = out.newCoarse(c.coarse.engine)
	}
	return &out, nil
}

// slope is by how much the log odds of an open label rise with its cosine. All
// calibrations are straight lines.
func (c *Classifier) slope() float64 {
	return c.calibration.Logit(1, 0) - c.calibration.Logit(0, 0)
}

// LogOdds returns the log odds that an open label is true of the pictures of vectors, unit
// rows by the same model.
func (c *Classifier) LogOdds(ctx context.Context, label int, vectors vec.Matrix) ([]float64, error) {
	odds, err := c.LogOddsOf(ctx, []int{label}, vectors)
	if err != nil {
		return nil, err
	}
	return odds[0], nil
}

// LogOddsOf is LogOdds of several labels: a row for each.
func (c *Classifier) LogOddsOf(ctx context.Context, labels []int, vectors vec.Matrix) ([][]float64, error) {
	background := vec.NewMatrix(vectors.Rows, c.background().Rows)
	if err := c.engine.Score(ctx, c.background(), vectors, background); err != nil {
		return nil, err
	}
	out := make([][]float64, len(labels))
	for n := range out {
		out[n] = make([]float64, vectors.Rows)
	}
	var b backdrop
	for i := range vectors.Rows {
		c.set(&b, background.Row(i))
		for n, l := range labels {
			cosine := vec.Dot(c.matrix.Row(l), vectors.Row(i))
			if c.isOwn(l) {
				out[n][i] = c.own[l].logOdds(cosine)
				continue
			}
			level := b.level
			if same := c.overlap[l]; len(same) > 0 {
				level = c.levelWithout(&b, same)
			}
			out[n][i] = c.calibration.Logit(cosine+c.shifts[l], level) + c.prior
		}
	}
	return out, nil
}

// IsOpen reports whether a label is judged by itself, and not within an exclusive group.
func (c *Classifier) IsOpen(label int) bool { return c.groupOf[label] < 0 }
