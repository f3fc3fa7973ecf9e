package kmeans

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/sightline/sightline/internal/vec"
)

// seed draws k rows as first centroids, each with a probability that grows with its
// distance from those drawn before. Of a few candidates the one is taken that leaves the
// least distance (greedy k-means++).
func seed(ctx context.Context, rows vec.Matrix, k int, r *rand.Rand, engine vec.Engine) (vec.Matrix, error) {
	centroids := vec.NewMatrix(k, rows.Cols)
	first := r.IntN(rows.Rows)
	copy(centroids.Row(0), rows.Row(first))
	distance := make([]float32, rows.Rows) // 1 - cosine: half of the squared distance of unit rows
	for i := range distance {
		distance[i] = float32(math.Inf(1))
	}
	trials := 2 + int(math.Log(float64(k)))
	total, err := nearer(ctx, rows, centroids.Slice(0, 1), engine, distance, []float64{0})
	if err != nil {
		return vec.Matrix{}, err
	}
	apply(distance, total.rows[0])
	candidates := vec.NewMatrix(trials, rows.Cols)
	for n := 1; n < k; n++ {
		for t := range trials {
			copy(candidates.Row(t), rows.Row(draw(distance, r)))
		}
		left, err := nearer(ctx, rows, candidates, engine, distance, make([]float64, trials))
		if err != nil {
			return vec.Matrix{}, err
		}
		best := 0
		for t, sum := range left.sums {
			if sum < left.sums[best] {
				best = t
			}
		}
		copy(centroids.Row(n), candidates.Row(best))
		apply(distance, left.rows[best])
	}
	return centroids, nil
}

// distances are those that candidates would leave.
type distances struct {
	rows [][]float32 // of each candidate: for each row the distance to the nearest centroid
	sums []float64
}

// nearer says what each candidate would leave of the distances.
func nearer(ctx context.Context, rows, candidates vec.Matrix, engine vec.Engine, distance []float32, sums []float64) (distances, error) {
	d := distances{rows: make([][]float32, candidates.Rows), sums: sums}
	for t := range d.rows {
		d.rows[t] = make([]float32, rows.Rows)
	}
	err := eachBlock(ctx, rows, candidates, engine, func(from int, scores vec.Matrix) {
		for t := range scores.Rows {
			for i, cosine := range scores.Row(t) {
				left := min(distance[from+i], max(0, 1-cosine))
				d.rows[t][from+i] = left
				d.sums[t] += float64(left)
			}
		}
	})
	return d, err
}

func apply(distance, left []float32) { copy(distance, left) }

// draw returns a row with a probability in proportion to its distance, and any where all
// are zero.
func draw(distance []float32, r *rand.Rand) int {
	var sum float64
	for _, d := range distance {
		sum += float64(d)
	}
	if sum <= 0 {
		return r.IntN(len(distance))
	}
	at := r.Float64() * sum
	for i, d := range distance {
		if at -= float64(d); at < 0 {
			return i
		}
	}
	return len(distance) - 1
}
