package layout

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/sightline/sightline/internal/vec"
)

// powerSteps is how often the axes are multiplied with the covariance; they need only be
// near to the principal ones.
const powerSteps = 12

// principal projects rows on their two principal axes, found by orthogonal iteration from
// a drawn start.
func principal(ctx context.Context, rows vec.Matrix, r *rand.Rand, engine vec.Engine) ([]Point, error) {
	dim := rows.Cols
	mean := make([]float64, dim)
	for i := range rows.Rows {
		for j, x := range rows.Row(i) {
			mean[j] += float64(x) / float64(rows.Rows)
		}
	}
	axes := vec.NewMatrix(2, dim)
	for i := range axes.Data {
		axes.Data[i] = float32(r.NormFloat64())
	}
	orthonormal(axes)
	scores := vec.NewMatrix(2, rows.Rows)
	project := func() error {
		if err := engine.Score(ctx, rows, axes, scores); err != nil {
			return err
		}
		for a := range 2 {
			var shift float64
			for j, x := range axes.Row(a) {
				shift += mean[j] * float64(x)
			}
			row := scores.Row(a)
			for i := range row {
				row[i] -= float32(shift)
			}
		}
		return nil
	}
	sum := make([]float64, dim)
	for range powerSteps {
		if err := project(); err != nil {
			return nil, err
		}
		for a := range 2 {
			clear(sum)
			for i, s := range scores.Row(a) {
				for j, x := range rows.Row(i) {
					sum[j] += float64(s) * (float64(x) - mean[j])
				}
			}
			for j := range sum {
				axes.Row(a)[j] = float32(sum[j])
			}
		}
		orthonormal(axes)
	}
	if err := project(); err != nil {
		return nil, err
	}
	points := make([]Point, rows.Rows)
	for i := range points {
		points[i] = Point{scores.Row(0)[i], scores.Row(1)[i]}
	}
	return points, nil
}

// orthonormal makes two axes unit and perpendicular. One without a direction, as where all
// rows are equal, becomes zero.
func orthonormal(axes vec.Matrix) {
	a, b := axes.Row(0), axes.Row(1)
	unit(a)
	dot := vec.Dot(a, b)
	for j := range b {
		b[j] -= dot * a[j]
	}
	unit(b)
}

func unit(v []float32) {
	if vec.Normalize(v) != nil {
		clear(v)
	}
}

// spreadOut scales points so that the widest axis reaches from -half to half, and moves
// each a little: points that lie on each other are never pulled apart by gradients.
func spreadOut(points []Point, half, noise float64, r *rand.Rand) {
	most := 0.0
	for _, p := range points {
		most = max(most, math.Abs(float64(p.X)), math.Abs(float64(p.Y)))
	}
	f := 0.0
	if most > 0 && !math.IsInf(most, 0) {
		f = half / most
	}
	for i, p := range points {
		points[i] = Point{float32(float64(p.X)*f + r.NormFloat64()*noise), float32(float64(p.Y)*f + r.NormFloat64()*noise)}
	}
}
