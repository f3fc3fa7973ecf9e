package local

import (
	"context"
	"math"
	"math/bits"
	"sync"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/vec/sq8"
)

const (
	// scanRows is how many rows go to the engine at once, where few queries share
	// them: enough that handing them over costs nothing, and a multiple of 64.
	scanRows = 16384
	// scanScores bounds the scores of one block over all queries.
	scanScores = 1 << 21
	// gatherShare is the share of selected rows in a block, as 1/n, below which
	// copying those out is cheaper than scoring all.
	gatherShare = 4
)

// scan is one pass over the vectors for all query vectors of a search. The pass,
// over codes or float32, finds candidates with bounds of their scores; finish then
// computes the score of each that could be among the best. So the result is exact
// and does not depend on how the pass was made.
type scan struct {
	engine   vec.Engine
	codes    sq8.Engine // nil to scan float32 alone
	sn       *snapshot
	queries  vec.Matrix
	selected *bitmap
	k        int
	min      float32
	slack    float32 // error of the engine's scores
	block    int64
	found    []*candidates // one per query
	scores   []float32
	buf      []float32 // for a reader that has to copy

	marked sync.Mutex
	bad    []int64 // selected rows whose vectors turned out to be damaged; marked guards it

	// Selected rows out of sparse blocks, which wait until they are worth a call.
	gathered vec.Matrix
	rowIDs   []int64
}

func newScan(engine vec.Engine, codes sq8.Engine, sn *snapshot, q store.Query, selected *bitmap) *scan {
	sc := &scan{engine: engine, codes: codes, sn: sn, queries: q.Vectors, selected: selected, k: q.K, min: q.MinScore}
	if sc.min <= -1 {
		// Rounding can take the cosine of opposite vectors below -1.
		sc.min = float32(math.Inf(-1))
	}
	// An inner product in float32 is off by at most (dim+1)*2^-24 of the lengths; two
	// that are added up in different orders by twice that.
	sc.slack = float32(q.Vectors.Cols+16) * 0x1p-22
	sc.block = min(scanRows, max(256, int64(scanScores/q.Vectors.Rows)/64*64))
	sc.found = newCandidates(q.Vectors.Rows, sc.k, sc.min)
	return sc
}

// run finds the candidates and returns the best of each query.
func (sc *scan) run(ctx context.Context) ([]*vec.TopK, error) {
	var from int64
	if c := sc.sn.vectors.codes; sc.codes != nil && c != nil {
		from = min(c.covered(), sc.sn.rowCount/64*64)
		if err := sc.scanCodes(ctx, c.Slice(0, int(from))); err != nil {
			return nil, err
		}
	}
	if err := sc.scanVectors(ctx, from); err != nil {
		return nil, err
	}
	return sc.finish(ctx)
}

// scanVectors passes over the float32 vectors from a row on.
func (sc *scan) scanVectors(ctx context.Context, from int64) error {
	for ; from < sc.sn.rowCount; from += sc.block {
		if err := ctx.Err(); err != nil {
			return err
		}
		to := min(from+sc.block, sc.sn.rowCount)
		n := sc.selected.count(from, to)
		if n == 0 {
			continue
		}
		rows, err := sc.sn.vectors.rows(from, to, &sc.buf)
		if err != nil {
			return err
		}
		if err := sc.checkRows(ctx, rows, from, to); err != nil {
			return err
		}
		if int64(n)*gatherShare < to-from {
			err = sc.gather(ctx, rows, from, to)
		} else {
			err = sc.score(ctx, rows, from, nil)
		}
		if err != nil {
			return err
		}
	}
	return sc.scoreGathered(ctx)
}

// checkRows compares the selected rows among those from a row on with their checksums, each
// once for a mapping.
func (sc *scan) checkRows(ctx context.Context, rows vec.Matrix, from, to int64) error {
	checked := sc.sn.vectors.checkedRows(sc.sn.rowCount)
	var todo []int64
	for i := from; i < to; i += 64 {
		for w := sc.selected.words[i/64] &^ checked[i/64].Load(); w != 0; w &= w - 1 {
			todo = append(todo, i+int64(bits.TrailingZeros64(w)))
		}
	}
	if len(todo) == 0 {
		return nil
	}
	if err := sc.sn.expect(ctx, todo); err != nil {
		return err
	}
	const step = 256
	return onCores((len(todo)+step-1)/step, func(i int) error {
		check := sc.sn.rowChecker(ctx)
		for _, rowID := range todo[i*step : min((i+1)*step, len(todo))] {
			if sound, err := check.soundOnce(checked, rowID, rows.Row(int(rowID-from))); err != nil {
				return err
			} else if !sound {
				sc.mark(rowID)
			}
		}
		return nil
	})
}

// mark notes a row whose vector is damaged.
func (sc *scan) mark(rowID int64) {
	sc.marked.Lock()
	defer sc.marked.Unlock()
	sc.bad = append(sc.bad, rowID)
}

// gather sets the selected rows of a sparse block aside.
func (sc *scan) gather(ctx context.Context, rows vec.Matrix, from, to int64) error {
	if sc.gathered.Data == nil {
		n := min(int(sc.block), sc.selected.count(0, sc.sn.rowCount))
		sc.gathered = vec.NewMatrix(n, rows.Cols)
	}
	var err error
	sc.selected.each(from, to, func(rowID int64) {
		if err != nil {
			return
		}
		copy(sc.gathered.Row(len(sc.rowIDs)), rows.Row(int(rowID-from)))
		if sc.rowIDs = append(sc.rowIDs, rowID); len(sc.rowIDs) == sc.gathered.Rows {
			err = sc.scoreGathered(ctx)
		}
	})
	return err
}

func (sc *scan) scoreGathered(ctx context.Context) error {
	if len(sc.rowIDs) == 0 {
		return nil
	}
	err := sc.score(ctx, sc.gathered.Slice(0, len(sc.rowIDs)), 0, sc.rowIDs)
	sc.rowIDs = sc.rowIDs[:0]
	return err
}

// score scores rows and offers those that are selected. The rows lie in the given
// rows or, when rows is nil, in those that follow first.
func (sc *scan) score(ctx context.Context, rows vec.Matrix, first int64, rowIDs []int64) error {
	n := rows.Rows * sc.queries.Rows
	if cap(sc.scores) < n {
		sc.scores = make([]float32, n)
	}
	out := vec.Matrix{Data: sc.scores[:n], Rows: sc.queries.Rows, Cols: rows.Rows}
	if err := sc.engine.Score(ctx, rows, sc.queries, out); err != nil {
		return err
	}
	return onCores(sc.queries.Rows, func(q int) error {
		found := sc.found[q]
		cut := found.cut - sc.slack
		for i, score := range out.Row(q) {
			if !(score >= cut) {
				continue
			}
			rowID := first + int64(i)
			if rowIDs != nil {
				rowID = rowIDs[i]
			} else if !sc.selected.has(rowID) {
				continue
			}
			found.offer(rowID, score-sc.slack, score+sc.slack)
			cut = found.cut - sc.slack
		}
		return nil
	})
}
