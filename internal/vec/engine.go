package vec

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// Engine multiplies matrices for a search. The scan of a store hands it block after
// block of rows; how many cores that takes is the engine's business.
//
// Score sets out[q][i] to the inner product of queries.Row(q) and rows.Row(i):
// out is queries.Rows by rows.Rows, and rows and queries have equal Cols. rows may
// be memory that must not be written. Scores may differ from Dot's by rounding, and
// equal rows' from each other: a caller that breaks ties must score the candidates again with Dot.
// Score may be called from several goroutines at once and must have stopped reading
// its arguments when it returns, also with an error. It may return ErrFault where rows are
// the memory of a file that is mapped.
type Engine interface {
	Score(ctx context.Context, rows, queries, out Matrix) error
}

// Parallel is the Engine that needs nothing but Go: gonum's inner product over
// blocks of rows, on several cores. All queries pass over a block while it is in the
// cache, so that sixteen queries read memory once.
type Parallel struct {
	workers int
}

// NewParallel returns an engine that uses the given number of goroutines, or one per
// core for 0.
func NewParallel(workers int) *Parallel {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return &Parallel{workers: workers}
}

// blockBytes is how many bytes of rows a worker takes at once: small enough to
// stay in a core's second-level cache, large enough that taking one costs nothing.
const blockBytes = 128 << 10

// Score implements Engine.
func (p *Parallel) Score(ctx context.Context, rows, queries, out Matrix) error {
	if err := CheckShapes(rows, queries, out); err != nil {
		return err
	}
	if rows.Rows == 0 || queries.Rows == 0 {
		return ctx.Err()
	}
	block := max(1, blockBytes/(4*max(1, rows.Cols)))
	blocks := (rows.Rows + block - 1) / block

	var next atomic.Int64
	work := func() error {
		for ctx.Err() == nil {
			b := int(next.Add(1)) - 1
			if b >= blocks {
				return nil
			}
			from := b * block
			scoreBlock(rows, queries, out, from, min(from+block, rows.Rows))
		}
		return ctx.Err()
	}
	errs := make([]error, min(p.workers, blocks))
	var wg sync.WaitGroup
	for i := range errs[1:] {
		wg.Go(func() { errs[i+1] = CatchFault(work) })
	}
	errs[0] = CatchFault(work)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// scoreBlock scores rows [from, to) against every query.
func scoreBlock(rows, queries, out Matrix, from, to int) {
	for q := range queries.Rows {
		query, scores := queries.Row(q), out.Row(q)
		for i := from; i < to; i++ {
			scores[i] = Dot(rows.Row(i), query)
		}
	}
}

// CheckShapes reports arguments of Score that do not fit together, for those who
// implement an Engine.
func CheckShapes(rows, queries, out Matrix) error {
	if rows.Cols != queries.Cols {
		return fmt.Errorf("rows have %d values and queries %d", rows.Cols, queries.Cols)
	}
	if out.Rows != queries.Rows || out.Cols != rows.Rows {
		return fmt.Errorf("the result is %dx%d, %d queries over %d rows need %dx%d",
			out.Rows, out.Cols, queries.Rows, rows.Rows, queries.Rows, rows.Rows)
	}
	for _, m := range []Matrix{rows, queries, out} {
		if len(m.Data) != m.Rows*m.Cols {
			return fmt.Errorf("a %dx%d matrix holds %d values", m.Rows, m.Cols, len(m.Data))
		}
	}
	return nil
}
