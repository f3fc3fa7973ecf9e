package kmeans

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/sightline/sightline/internal/vec"
)

// Silhouette is the mean silhouette of a division (Rousseeuw 1987), -1 to 1: how much
// nearer rows are to those of their own cluster than to those of the next one. Distances
// are 1 - cosine, of which a row's mean distance to a cluster follows from the mean of the
// cluster's rows: all of it costs as much as one iteration.
func (c *Clusters) Silhouette(ctx context.Context, rows vec.Matrix, engine vec.Engine) (float64, error) {
	k := c.Centroids.Rows
	if k < 2 {
		return 0, nil
	}
	if engine == nil {
		engine = vec.NewParallel(0)
	}
	means, count := vec.NewMatrix(k, rows.Cols), make([]float64, k)
	for _, own := range c.Of {
		count[own]++
	}
	for i, own := range c.Of {
		mean := means.Row(int(own))
		for j, x := range rows.Row(i) {
			mean[j] += x / float32(count[own])
		}
	}
	var sum float64
	err := eachBlock(ctx, rows, means, engine, func(from int, scores vec.Matrix) {
		for i := range scores.Cols {
			own := c.Of[from+i]
			if count[own] < 2 { // by definition 0
				continue
			}
			next := math.Inf(-1)
			for n := range k {
				if int32(n) != own {
					next = max(next, float64(scores.Row(n)[i]))
				}
			}
			// A row is no neighbour of itself.
			mine := (float64(scores.Row(int(own))[i])*count[own] - 1) / (count[own] - 1)
			a, b := max(0, 1-mine), max(0, 1-next)
			if most := max(a, b); most > 0 {
				sum += (b - a) / most
			}
		}
	})
	return sum / float64(rows.Rows), err
}

// Candidate is a number of clusters that was tried.
type Candidate struct {
	K          int
	Silhouette float64
}

// choosingIterations and choosingRestarts bound what a number of clusters is tried with.
const choosingIterations, choosingRestarts = 20, 3

// Choose tries numbers of clusters, and returns the one whose division has the highest
// silhouette, together with what was tried. At most sample rows, drawn by the seed, are
// divided for it. Of equals the smaller number wins.
func Choose(ctx context.Context, rows vec.Matrix, candidates []int, sample int, o Options) (int, []Candidate, error) {
	if rows.Rows > sample {
		rows = drawRows(rows, sample, o.Seed)
	}
	// A silhouette shows early how good a number is.
	o = o.withDefaults(rows.Rows)
	o.Iterations, o.Restarts = min(o.Iterations, choosingIterations), min(o.Restarts, choosingRestarts)
	best, tried := 1, []Candidate(nil)
	highest := math.Inf(-1)
	for _, k := range candidates {
		if k < 2 || k >= rows.Rows {
			continue
		}
		c, err := Divide(ctx, rows, k, o)
		if err != nil {
			return 0, nil, err
		}
		s, err := c.Silhouette(ctx, rows, o.Engine)
		if err != nil {
			return 0, nil, err
		}
		tried = append(tried, Candidate{k, s})
		if s > highest+1e-9 {
			best, highest = k, s
		}
	}
	return best, tried, nil
}

// drawRows copies n rows that are drawn without replacement, in their order.
func drawRows(rows vec.Matrix, n int, seed uint64) vec.Matrix {
	r := rand.New(rand.NewPCG(seed, math.MaxUint64))
	chosen := r.Perm(rows.Rows)[:n]
	slices.Sort(chosen)
	out := vec.NewMatrix(n, rows.Cols)
	for i, row := range chosen {
		copy(out.Row(i), rows.Row(row))
	}
	return out
}
