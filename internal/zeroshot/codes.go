package zeroshot

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/vec/sq8"
)

// codeRows is how many pictures go through a product of codes at once, and codeProducts
// bounds what comes of it (64 MB per core) where there are very many labels: enough that
// handing over the labels costs little.
const (
	codeRows     = 1024
	codeProducts = 1 << 24
)

// worthCodes is the number of labels from which codes are worth their encoding.
const worthCodes = 64

// coarse is the labels as the right-hand side of a product of 8-bit codes. What the
// product and its bounds leave over is compared in float32, so that the result is
// that of comparing everything.
//
// What is encoded is how the labels differ from their centre: texts lie near to one
// another, and the shorter a query, the narrower its bounds. A picture's cosine with
// the centre is the same for all labels.
type coarse struct {
	engine  sq8.Engine
	queries sq8.Queries
	centre  []float32
	slack   float32 // rounding that the bounds do not know of
	spare   sync.Pool
}

// workspace is the memory that one core needs to choose the labels of codeRows
// pictures.
type workspace struct {
	codes      []byte
	products   []int32
	mids, most []float32
	backdrop   backdrop
}

// newCoarse encodes the labels, or returns nil where that is not worth it. Labels of
// groups need all of their cosines, so that a list with any is compared in float32.
func (c *Classifier) newCoarse(engine sq8.Engine) *coarse {
	if engine == nil || c.labels < worthCodes || len(c.groups) > 0 || c.own != nil {
		return nil
	}
	labels := c.matrix.Slice(0, c.labels)
	f := &coarse{engine: engine, centre: make([]float32, labels.Cols)}
	for j := range f.centre {
		var sum float64
		for l := range labels.Rows {
			sum += float64(labels.Row(l)[j])
		}
		f.centre[j] = float32(sum / float64(labels.Rows))
	}
	apart := vec.NewMatrix(labels.Rows, labels.Cols)
	for l := range labels.Rows {
		for j, x := range labels.Row(l) {
			apart.Row(l)[j] = x - f.centre[j]
		}
	}
	f.queries = sq8.EncodeQueries(apart, sq8.Single)
	// Two more inner products than the bounds are about, at most (dim+1)*2^-24 each,
	// rounding the differences, and adding what is equal for all labels and the shifts.
	f.slack = float32(labels.Cols+16)*0x1p-22 + 1e-6
	var longest float32 = 1 // a label that was adjusted is not of length 1
	for l := range labels.Rows {
		longest = max(longest, vec.Dot(labels.Row(l), labels.Row(l)))
	}
	f.slack *= longest // of a square, which is more than enough
	f.spare.New = func() any {
		return &workspace{mids: make([]float32, c.labels), most: make([]float32, (c.labels+sq8.MidpointBlock-1)/sq8.MidpointBlock)}
	}
	return f
}

// bestCoarse sets out to the best labels of each picture, by way of codes.
func (c *Classifier) bestCoarse(ctx context.Context, vectors vec.Matrix, top int, minimum float32, out [][]Score) error {
	background := vec.NewMatrix(vectors.Rows, c.background().Rows)
	if err := c.engine.Score(ctx, c.background(), vectors, background); err != nil {
		return fmt.Errorf("comparing %d pictures with the background prompts: %w", vectors.Rows, err)
	}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	step := max(1, min(codeRows, codeProducts/c.labels))
	for from := 0; from < vectors.Rows; from += step {
		to := min(from+step, vectors.Rows)
		g.Go(func() error {
			return c.bestOfCodes(ctx, vectors.Slice(from, to), background.Slice(from, to), top, minimum, out[from:to])
		})
	}
	return g.Wait()
}

func (c *Classifier) bestOfCodes(ctx context.Context, vectors, background vec.Matrix, top int, minimum float32, out [][]Score) error {
	q := &c.coarse.queries
	w := c.coarse.spare.Get().(*workspace)
	defer c.coarse.spare.Put(w)
	codes := sq8.Codes{Rows: vectors.Rows, CodeSize: sq8.CodeSize(vectors.Cols)}
	w.codes = slices.Grow(w.codes[:0], codes.Rows*codes.CodeSize)
	codes.Data = w.codes[:codes.Rows*codes.CodeSize]
	for i := range vectors.Rows {
		sq8.Encode(codes.Row(i), vectors.Row(i))
	}
	w.products = slices.Grow(w.products[:0], codes.Rows*q.Columns)
	products := w.products[:codes.Rows*q.Columns]
	if err := c.coarse.engine.ScoreCodes(ctx, codes, q, products); err != nil {
		return fmt.Errorf("comparing %d pictures with %d labels: %w", vectors.Rows, c.labels, err)
	}
	for i := range codes.Rows {
		scale, residual, _ := codes.Tail(i)
		q.Midpoints(products[i*q.Columns:(i+1)*q.Columns], scale, c.shifts, w.mids, w.most)
		c.set(&w.backdrop, background.Row(i))
		out[i] = c.keepOpen(c.chooseByBounds(vectors.Row(i), residual, w, top), &w.backdrop, top, minimum)
	}
	return nil
}

// chooseByBounds returns the top labels of a picture by shifted cosine. w.mids are the
// middles of the labels' bounds. The labels that look best are compared in float32
// first; of the others only those that could still be among the best.
func (c *Classifier) chooseByBounds(vector []float32, residual float32, w *workspace, top int) []vec.Scored {
	q := &c.coarse.queries
	best := vec.NewTopK(top)
	compare := func(l int) { best.Offer(l, vec.Dot(c.matrix.Row(l), vector)+c.shifts[l]) }

	floor := floorOf(w, top)
	w.above(floor, compare)
	common := vec.Dot(c.coarse.centre, vector)
	cut := best.Threshold() - common - c.coarse.slack
	w.above(cut-q.MaxRadius(residual), func(l int) {
		if mid := w.mids[l]; mid < floor && mid+q.Radius(l, residual) >= cut {
			compare(l)
			cut = best.Threshold() - common - c.coarse.slack
		}
	})
	return best.Sorted(nil)
}

// floorOf returns a value that at least top of the middles reach, or minus infinity
// where there are not that many.
func floorOf(w *workspace, top int) float32 {
	values := w.most
	if len(values) < 2*top { // few blocks would make it a low one
		values = w.mids
	}
	t := vec.NewTopK(top)
	floor := t.Threshold()
	for i, v := range values {
		if v > floor {
			t.Offer(i, v)
			floor = t.Threshold()
		}
	}
	return floor
}

// above calls f for the labels whose middles reach a value.
func (w *workspace) above(least float32, f func(label int)) {
	for b, most := range w.most {
		if most < least {
			continue
		}
		from := b * sq8.MidpointBlock
		for i, mid := range w.mids[from:min(from+sq8.MidpointBlock, len(w.mids))] {
			if mid >= least {
				f(from + i)
			}
		}
	}
}
