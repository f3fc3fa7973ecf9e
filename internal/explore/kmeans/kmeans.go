// Package kmeans divides unit vectors into clusters by direction: spherical k-means
// (Dhillon and Modha 2001), seeded by k-means++ (Arthur and Vassilvitskii 2007), and
// judged by the silhouette (Rousseeuw 1987).
//
// Equal rows, options and engines give equal clusters.
package kmeans

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/sightline/sightline/internal/vec"
)

// Options say how rows are divided. Zero fields mean the defaults.
type Options struct {
	Seed       uint64
	Engine     vec.Engine // nil for one on all cores
	Iterations int        // at most so many of each run; 0 for 50
	Restarts   int        // runs, of which the best is kept; 0 for 8 of few rows, and fewer of more
}

// Clusters is how rows are divided.
type Clusters struct {
	Centroids vec.Matrix // one unit row each; none is empty
	Of        []int32    // the cluster of each row
	Cosines   []float32  // of each row with its centroid
	// Cohesion is the mean of Cosines.
	Cohesion float64
}

const (
	defaultIterations = 50
	fewRows, manyRows = 2_000, 20_000 // up to which there are 8 runs, or 2
	// still is the part of the rows that may change their cluster in the last iteration.
	still = 1e-4
	// blockRows bounds the scores that are kept at once.
	blockRows = 8192
)

func (o Options) withDefaults(rows int) Options {
	if o.Engine == nil {
		o.Engine = vec.NewParallel(0)
	}
	if o.Iterations <= 0 {
		o.Iterations = defaultIterations
	}
	if o.Restarts <= 0 {
		switch {
		case rows <= fewRows:
			o.Restarts = 8
		case rows <= manyRows:
			o.Restarts = 2
		default:
			o.Restarts = 1
		}
	}
	return o
}

// Divide divides the rows of a matrix, which are unit vectors, into k clusters, or fewer
// where fewer rows differ.
func Divide(ctx context.Context, rows vec.Matrix, k int, o Options) (Clusters, error) {
	if k < 1 || rows.Rows == 0 {
		return Clusters{}, fmt.Errorf("%d clusters of %d rows: there must be one at least of each", k, rows.Rows)
	}
	o = o.withDefaults(rows.Rows)
	var best Clusters
	for run := range o.Restarts {
		r := rand.New(rand.NewPCG(o.Seed, uint64(run)))
		c, err := divideOnce(ctx, rows, min(k, rows.Rows), r, o)
		if err != nil {
			return Clusters{}, err
		}
		if run == 0 || c.Cohesion > best.Cohesion {
			best = c
		}
	}
	return best, nil
}

// divideOnce is one run from one seeding.
func divideOnce(ctx context.Context, rows vec.Matrix, k int, r *rand.Rand, o Options) (Clusters, error) {
	centroids, err := seed(ctx, rows, k, r, o.Engine)
	if err != nil {
		return Clusters{}, err
	}
	c := Clusters{Centroids: centroids, Of: make([]int32, rows.Rows), Cosines: make([]float32, rows.Rows)}
	for i := range c.Of {
		c.Of[i] = -1
	}
	for range o.Iterations {
		moved, err := c.assign(ctx, rows, o.Engine)
		if err != nil {
			return Clusters{}, err
		}
		if float64(moved) <= still*float64(rows.Rows) {
			break
		}
		c.update(rows)
	}
	// What the last update moved is reported as it is; a cluster that lost its last row goes.
	if _, err := c.assign(ctx, rows, o.Engine); err != nil {
		return Clusters{}, err
	}
	c.dropEmpty()
	return c, nil
}

// assign gives each row to its nearest centroid, and returns how many changed theirs. Of
// equally near ones it takes the first.
func (c *Clusters) assign(ctx context.Context, rows vec.Matrix, engine vec.Engine) (moved int, err error) {
	c.Cohesion = 0
	err = eachBlock(ctx, rows, c.Centroids, engine, func(from int, scores vec.Matrix) {
		for i := range scores.Cols {
			best, cosine := int32(0), float32(math.Inf(-1))
			for k := range scores.Rows {
				if s := scores.Row(k)[i]; s > cosine {
					best, cosine = int32(k), s
				}
			}
			if c.Of[from+i] != best {
				moved++
			}
			c.Of[from+i], c.Cosines[from+i] = best, cosine
			c.Cohesion += float64(cosine) / float64(rows.Rows)
		}
	})
	return moved, err
}

// eachBlock scores blocks of rows against centroids: scores has a row for each centroid
// and a column for each row from from on.
func eachBlock(ctx context.Context, rows, centroids vec.Matrix, engine vec.Engine, f func(from int, scores vec.Matrix)) error {
	size := min(blockRows, rows.Rows)
	buffer := make([]float32, size*centroids.Rows)
	for from := 0; from < rows.Rows; from += size {
		block := rows.Slice(from, min(from+size, rows.Rows))
		scores := vec.Matrix{Data: buffer[:block.Rows*centroids.Rows], Rows: centroids.Rows, Cols: block.Rows}
		if err := engine.Score(ctx, block, centroids, scores); err != nil {
			return fmt.Errorf("comparing rows with centroids: %w", err)
		}
		f(from, scores)
	}
	return nil
}

// update moves each centroid to the mean direction of its rows. One that has none takes
// the row that is furthest from its own centroid.
func (c *Clusters) update(rows vec.Matrix) {
	sums := make([]float64, len(c.Centroids.Data))
	count := make([]int, c.Centroids.Rows)
	dim := rows.Cols
	for i, k := range c.Of {
		sum := sums[int(k)*dim : int(k+1)*dim]
		for j, x := range rows.Row(i) {
			sum[j] += float64(x)
		}
		count[k]++
	}
	taken := make(map[int]bool)
	for k := range count {
		row := c.Centroids.Row(k)
		for j := range row {
			row[j] = float32(sums[k*dim+j])
		}
		// Rows that cancel each other out have no direction.
		if count[k] == 0 || vec.Normalize(row) != nil {
			if far := c.furthest(taken); far >= 0 {
				taken[far] = true
				copy(row, rows.Row(far))
			}
		}
	}
}

// furthest is the row with the least cosine to its centroid among those not taken.
func (c *Clusters) furthest(taken map[int]bool) int {
	best := -1
	for i, cosine := range c.Cosines {
		if !taken[i] && (best < 0 || cosine < c.Cosines[best]) {
			best = i
		}
	}
	return best
}

// dropEmpty takes out the clusters without rows.
func (c *Clusters) dropEmpty() {
	number := make([]int32, c.Centroids.Rows)
	for i := range number {
		number[i] = -1
	}
	kept := int32(0)
	used := make([]bool, c.Centroids.Rows)
	for _, k := range c.Of {
		used[k] = true
	}
	out := vec.NewMatrix(c.Centroids.Rows, c.Centroids.Cols)
	for k, yes := range used {
		if yes {
			number[k] = kept
			copy(out.Row(int(kept)), c.Centroids.Row(k))
			kept++
		}
	}
	for i, k := range c.Of {
		c.Of[i] = number[k]
	}
	c.Centroids = out.Slice(0, int(kept))
}
