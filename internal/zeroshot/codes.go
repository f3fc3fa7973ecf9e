package zeroshot

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/sightline/sightline/internal/vec"
)

// codeRows is how many pictures go through a product of codes at once: enough that
// handing over the labels costs little.
const codeRows = 1024

// worthCodes is the number of labels from which codes are worth their encoding.
const worthCodes = 64

// coarse is the labels as the right-hand side of a product of 8-bit codes. What the
// product and its bounds leave over is compared in float32, so that the result is
// that of comparing everything.
type coarse struct {
	engine  vec.CodeEngine
	queries vec.CodeQueries
}

// newCoarse encodes the labels, or returns nil where that is not worth it. Labels of
// groups need all of their cosines, so that a list with any is compared in float32.
func (c *Classifier) newCoarse(engine vec.CodeEngine) *coarse {
	if engine == nil || c.labels < worthCodes || len(c.groups) > 0 {
		return nil
	}
	return &coarse{engine: engine, queries: vec.EncodeQueries(c.Labels(), false)}
}

// bestCoarse sets out to the best labels of each picture, by way of codes.
func (c *Classifier) bestCoarse(ctx context.Context, vectors vec.Matrix, top int, minimum float32, out [][]Score) error {
	bank := vec.NewMatrix(vectors.Rows, c.bank().Rows)
	if err := c.engine.Score(ctx, c.bank(), vectors, bank); err != nil {
		return fmt.Errorf("comparing %d pictures with the bank: %w", vectors.Rows, err)
	}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < vectors.Rows; from += codeRows {
		to := min(from+codeRows, vectors.Rows)
		g.Go(func() error {
			return c.bestOfCodes(ctx, vectors.Slice(from, to), bank.Slice(from, to), top, minimum, out[from:to])
		})
	}
	return g.Wait()
}

func (c *Classifier) bestOfCodes(ctx context.Context, vectors, bank vec.Matrix, top int, minimum float32, out [][]Score) error {
	q := &c.coarse.queries
	codes := vec.Codes{Rows: vectors.Rows, Width: vec.CodeWidth(vectors.Cols)}
	codes.Data = make([]byte, codes.Rows*codes.Width)
	for i := range vectors.Rows {
		vec.EncodeRow(codes.Row(i), vectors.Row(i))
	}
	products := make([]int32, codes.Rows*q.Columns)
	if err := c.coarse.engine.ScoreCodes(ctx, codes, q, products); err != nil {
		return fmt.Errorf("comparing %d pictures with %d labels: %w", vectors.Rows, c.labels, err)
	}
	upper := make([]float32, c.labels)
	for i := range codes.Rows {
		scale, residual, _ := codes.Tail(i)
		product := products[i*q.Columns : (i+1)*q.Columns]
		b := c.background(bank.Row(i))
		out[i] = c.keepOpen(c.chooseByBounds(vectors.Row(i), product, scale, residual, upper, top), &b, top, minimum)
	}
	return nil
}

// chooseByBounds returns the top labels of a picture by shifted cosine. Only labels
// whose upper bound reaches the lower bounds of top others are compared in float32.
func (c *Classifier) chooseByBounds(vector []float32, product []int32, scale, residual float32, upper []float32, top int) []vec.Scored {
	q := &c.coarse.queries
	lower := vec.NewTopK(top)
	threshold := lower.Threshold()
	for l := range upper {
		mid, reach := q.Bounds(l, product, scale, residual)
		mid += c.shifts[l]
		upper[l] = mid + reach
		if mid-reach >= threshold {
			lower.Offer(l, mid-reach)
			threshold = lower.Threshold()
		}
	}
	exact := vec.NewTopK(top)
	for l, u := range upper {
		// Adding the shift rounds, by less than what this leaves over.
		if u+1e-6 >= max(threshold, exact.Threshold()) {
			exact.Offer(l, vec.Dot(c.matrix.Row(l), vector)+c.shifts[l])
		}
	}
	return exact.Sorted(nil)
}
