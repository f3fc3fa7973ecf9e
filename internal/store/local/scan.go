package local

import (
	"context"
	"math"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

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

	// codeRows and codeScores are the same for codes; those blocks are per core, and
	// their products stay in its cache until they are looked at.
	codeRows   = 4096
	codeScores = 1 << 18
	// sparseShare is the share below which the selected vectors are read instead of
	// the codes of all.
	sparseShare = 16
	// doubleQueries is how many queries, at most, are encoded in double precision:
	// they cost little then, and leave fewer candidates to rescore.
	doubleQueries = 16
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

// scanCodes passes over the codes, on all cores.
func (sc *scan) scanCodes(ctx context.Context, codes sq8.Codes) error {
	precision := sq8.Single
	if sc.queries.Rows <= doubleQueries {
		precision = sq8.Double
	}
	queries := sq8.EncodeQueries(sc.queries, precision)
	block := min(codeRows, max(256, codeScores/queries.Columns/64*64))
	blocks := (codes.Rows + block - 1) / block
	workers := min(blocks, runtime.GOMAXPROCS(0))
	passes := make([]*codePass, workers)
	var next atomic.Int64
	err := onCores(workers, func(w int) error {
		p := &codePass{scan: sc, queries: &queries, pruner: queries.NewPruner(), found: newCandidates(sc.queries.Rows, sc.k, sc.min)}
		for q, found := range p.found {
			p.pruner.SetThreshold(q, found.cut)
		}
		passes[w] = p
		for b := int(next.Add(1)) - 1; b < blocks; b = int(next.Add(1)) - 1 {
			if err := p.block(ctx, codes, b*block, min((b+1)*block, codes.Rows)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return onCores(len(sc.found), func(q int) error {
		for _, p := range passes {
			sc.found[q].merge(p.found[q])
		}
		return nil
	})
}

// codePass is what one core does of scanCodes.
type codePass struct {
	*scan
	queries *sq8.Queries
	pruner  *sq8.Pruner // with the cuts of found
	found   []*candidates
	out     []int32
	picked  []int32 // selected rows of a block
	buf     []float32
}

func (p *codePass) block(ctx context.Context, codes sq8.Codes, from, to int) error {
	n := p.selected.count(int64(from), int64(to))
	if n == 0 {
		return ctx.Err()
	}
	if n*sparseShare < to-from || !p.sn.vectors.codes.sound(from, to) {
		return p.sparse(ctx, int64(from), int64(to))
	}
	rows := codes.Slice(from, to)
	if need := rows.Rows * p.queries.Columns; cap(p.out) < need {
		p.out = make([]int32, need)
	}
	out := p.out[:rows.Rows*p.queries.Columns]
	if err := p.codes.ScoreCodes(ctx, rows, p.queries, out); err != nil {
		return err
	}
	// Where half of the rows are selected, a test of each would be mispredicted half of the
	// time: they are listed first.
	all := n == to-from
	if p.picked = p.picked[:0]; !all {
		p.selected.each(int64(from), int64(to), func(rowID int64) { p.picked = append(p.picked, int32(rowID-int64(from))) })
	}
	for i := range n {
		if !all {
			i = int(p.picked[i])
		}
		rowID := int64(from + i)
		scale, residual, ok := rows.Tail(i)
		if !ok {
			p.unknown(rowID)
			continue
		}
		product := out[i*p.queries.Columns : (i+1)*p.queries.Columns]
		for _, q := range p.pruner.Survivors(product, scale, residual) {
			mid, reach := p.queries.Bounds(q, product, scale, residual)
			p.offer(q, rowID, mid-reach, mid+reach)
		}
	}
	return nil
}

// offer considers a row for a query.
func (p *codePass) offer(q int, rowID int64, lower, upper float32) {
	p.found[q].offer(rowID, lower, upper)
	p.pruner.SetThreshold(q, p.found[q].cut)
}

// unknown makes a row whose codes say nothing a candidate of every query.
func (p *codePass) unknown(rowID int64) {
	inf := float32(math.Inf(1))
	for q := range p.found {
		p.offer(q, rowID, -inf, inf)
	}
}

// sparse scores the few selected vectors of a block.
func (p *codePass) sparse(ctx context.Context, from, to int64) error {
	var err error
	check := p.sn.rowChecker(ctx)
	checked := p.sn.vectors.checkedRows(p.sn.rowCount)
	p.selected.each(from, to, func(rowID int64) {
		var row vec.Matrix
		if err == nil {
			row, err = p.sn.vectors.rows(rowID, rowID+1, &p.buf)
		}
		if err != nil {
			return
		}
		var sound bool
		if sound, err = check.soundOnce(checked, rowID, row.Data); err != nil {
			return
		}
		if !sound {
			p.mark(rowID)
			return
		}
		for q := range p.found {
			score := vec.Dot(row.Data, p.scan.queries.Row(q))
			p.offer(q, rowID, score, score)
		}
	})
	if err != nil {
		return err
	}
	return ctx.Err()
}

// finish scores the candidates in the order of what they could reach, until no other
// can be among the best.
func (sc *scan) finish(ctx context.Context) ([]*vec.TopK, error) {
	tops := make([]*vec.TopK, len(sc.found))
	checked := sc.sn.vectors.checkedRows(sc.sn.rowCount)
	err := onCores(len(tops), func(q int) error {
		top := vec.NewTopK(sc.k)
		tops[q] = top
		list := sc.found[q].sorted()
		query := sc.queries.Row(q)
		check := sc.sn.rowChecker(ctx)
		var buf []float32
		for i, c := range list {
			if !(c.upper >= max(sc.min, top.Threshold())) {
				break
			}
			if i%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if i%expected == 0 {
				if err := sc.sn.expect(ctx, unchecked(list[i:min(i+expected, len(list))], checked)); err != nil {
					return err
				}
			}
			row, err := sc.sn.vectors.rows(c.rowID, c.rowID+1, &buf)
			if err != nil {
				return err
			}
			if sound, err := check.soundOnce(checked, c.rowID, row.Data); err != nil {
				return err
			} else if !sound {
				sc.mark(c.rowID)
				continue
			}
			if score := vec.Dot(row.Data, query); score >= sc.min {
				// Rounding can take a cosine a little past its bounds.
				top.Offer(int(c.rowID), max(-1, min(1, score)))
			}
		}
		return nil
	})
	return tops, err
}

// expected is how many candidates' checksums are read at once.
const expected = 128

// unchecked returns the rows of candidates whose vectors have not been compared with their
// checksums.
func unchecked(list []candidate, checked checkedRows) []int64 {
	var out []int64
	for _, c := range list {
		if !checked.has(c.rowID) {
			out = append(out, c.rowID)
		}
	}
	return out
}

// onCores calls f for 0 to n-1, on as many cores as there are, and returns the first
// error that it sees.
func onCores(n int, f func(i int) error) error {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers == 1 {
		return vec.CatchFault(func() error {
			for i := range n {
				if err := f(i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		wg.Go(func() {
			errs[w] = vec.CatchFault(func() error {
				for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
					if err := f(i); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
	wg.Wait()
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}
