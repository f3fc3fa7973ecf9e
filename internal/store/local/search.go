package local

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// Search implements store.Searcher. It scores every record that matches the filter,
// so the result is exact.
func (s *Store) Search(ctx context.Context, q store.Query) ([][]store.Hit, error) {
	if err := s.isOpen(); err != nil {
		return nil, err
	}
	if err := q.Validate(s.model.Dim); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	where, err := compile(q.Filter)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	if q.Vectors.Rows == 0 {
		return [][]store.Hit{}, nil
	}
	sn, err := s.snapshot(ctx, true)
	if err != nil {
		return nil, err
	}
	defer sn.release()
	var selected *bitmap
	if q.Filter == nil {
		selected, err = sn.live(ctx)
	} else {
		selected, err = sn.matching(ctx, where)
	}
	if err != nil {
		return nil, s.closedOr(err)
	}
	sc := newScan(s.engine, sn, q, selected)
	if err := sc.run(ctx); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	hits, err := sn.hits(ctx, sc.tops)
	return hits, s.closedOr(err)
}

// live is the slots that hold a record: all but the freed ones, which are few.
func (sn *snapshot) live(ctx context.Context) (*bitmap, error) {
	b := newBitmap(sn.slots)
	b.fill()
	err := sn.eachSlot(ctx, condition{sql: "SELECT slot FROM freed"}, b.clear)
	return b, err
}

// matching is the slots whose records meet a condition.
func (sn *snapshot) matching(ctx context.Context, where condition) (*bitmap, error) {
	b := newBitmap(sn.slots)
	err := sn.eachSlot(ctx, condition{"SELECT r.slot FROM records r WHERE " + where.sql, where.args}, b.set)
	return b, err
}

func (sn *snapshot) eachSlot(ctx context.Context, query condition, f func(slot int64)) error {
	rows, err := sn.tx.QueryContext(ctx, query.sql, query.args...)
	if err != nil {
		return sqlError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var slot int64
		if err := rows.Scan(&slot); err != nil {
			return sqlError(err)
		}
		if slot < 0 || slot >= sn.slots {
			return fmt.Errorf("%w: slot %d of %d", store.ErrDamaged, slot, sn.slots)
		}
		f(slot)
	}
	return sqlError(rows.Err())
}

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

// scan is one pass over the vectors for all query vectors of a search.
type scan struct {
	engine   vec.Engine
	sn       *snapshot
	queries  vec.Matrix
	selected *bitmap
	min      float32
	block    int64
	tops     []*vec.TopK // one a query
	scores   []float32
	buf      []float32 // for a reader that has to copy

	// Selected rows out of sparse blocks, which wait until they are worth a call.
	gathered vec.Matrix
	slots    []int64
}

func newScan(engine vec.Engine, sn *snapshot, q store.Query, selected *bitmap) *scan {
	sc := &scan{engine: engine, sn: sn, queries: q.Vectors, selected: selected, min: q.MinScore}
	if sc.min <= -1 {
		// Rounding can take the cosine of opposite vectors below -1.
		sc.min = float32(math.Inf(-1))
	}
	sc.block = min(scanRows, max(256, int64(scanScores/q.Vectors.Rows)/64*64))
	sc.tops = make([]*vec.TopK, q.Vectors.Rows)
	for i := range sc.tops {
		sc.tops[i] = vec.NewTopK(q.K)
	}
	return sc
}

func (sc *scan) run(ctx context.Context) error {
	for from := int64(0); from < sc.sn.slots; from += sc.block {
		if err := ctx.Err(); err != nil {
			return err
		}
		to := min(from+sc.block, sc.sn.slots)
		n := sc.selected.count(from, to)
		if n == 0 {
			continue
		}
		rows, err := sc.sn.vectors.rows(from, to, &sc.buf)
		if err != nil {
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

// gather sets the selected rows of a sparse block aside.
func (sc *scan) gather(ctx context.Context, rows vec.Matrix, from, to int64) error {
	if sc.gathered.Data == nil {
		n := min(int(sc.block), sc.selected.count(0, sc.sn.slots))
		sc.gathered = vec.NewMatrix(n, rows.Cols)
	}
	var err error
	sc.selected.each(from, to, func(slot int64) {
		if err != nil {
			return
		}
		copy(sc.gathered.Row(len(sc.slots)), rows.Row(int(slot-from)))
		if sc.slots = append(sc.slots, slot); len(sc.slots) == sc.gathered.Rows {
			err = sc.scoreGathered(ctx)
		}
	})
	return err
}

func (sc *scan) scoreGathered(ctx context.Context) error {
	if len(sc.slots) == 0 {
		return nil
	}
	err := sc.score(ctx, sc.gathered.Slice(0, len(sc.slots)), 0, sc.slots)
	sc.slots = sc.slots[:0]
	return err
}

// score scores rows and offers those that are selected. The rows lie in the given
// slots or, when slots is nil, in those that follow first.
func (sc *scan) score(ctx context.Context, rows vec.Matrix, first int64, slots []int64) error {
	n := rows.Rows * sc.queries.Rows
	if cap(sc.scores) < n {
		sc.scores = make([]float32, n)
	}
	out := vec.Matrix{Data: sc.scores[:n], Rows: sc.queries.Rows, Cols: rows.Rows}
	if err := sc.engine.Score(ctx, rows, sc.queries, out); err != nil {
		return err
	}
	sc.eachQuery(func(q int) {
		top := sc.tops[q]
		threshold := max(sc.min, top.Threshold())
		for i, score := range out.Row(q) {
			if !(score >= threshold) {
				continue
			}
			slot := first + int64(i)
			if slots != nil {
				slot = slots[i]
			} else if !sc.selected.has(slot) {
				continue
			}
			// Rounding can take a cosine a little past its bounds.
			top.Offer(int(slot), max(-1, min(1, score)))
			threshold = max(sc.min, top.Threshold())
		}
	})
	return nil
}

// eachQuery calls f for each query, on all cores where there are several.
func (sc *scan) eachQuery(f func(q int)) {
	workers := min(sc.queries.Rows, runtime.GOMAXPROCS(0))
	if workers == 1 {
		for q := range sc.queries.Rows {
			f(q)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for q := int(next.Add(1)) - 1; q < sc.queries.Rows; q = int(next.Add(1)) - 1 {
				f(q)
			}
		})
	}
	wg.Wait()
}

// hits turns slots into records, best first and by id where scores are equal.
func (sn *snapshot) hits(ctx context.Context, tops []*vec.TopK) ([][]store.Hit, error) {
	var tied []int64
	for _, top := range tops {
		for _, slot := range top.Tied() {
			tied = append(tied, int64(slot))
		}
	}
	ids, err := sn.ids(ctx, tied)
	if err != nil {
		return nil, err
	}
	best := make([][]vec.Scored, len(tops))
	wanted := make(map[int64]bool)
	for q, top := range tops {
		best[q] = top.Sorted(func(a, b int) bool { return ids[int64(a)] < ids[int64(b)] })
		for _, b := range best[q] {
			wanted[int64(b.Index)] = true
		}
	}
	slots := make([]int64, 0, len(wanted))
	for slot := range wanted {
		slots = append(slots, slot)
	}
	records, err := sn.bySlots(ctx, slots)
	if err != nil {
		return nil, err
	}
	out := make([][]store.Hit, len(tops))
	for q := range best {
		out[q] = make([]store.Hit, len(best[q]))
		for i, b := range best[q] {
			r, ok := records[int64(b.Index)]
			if !ok {
				return nil, fmt.Errorf("%w: no record in slot %d", store.ErrDamaged, b.Index)
			}
			out[q][i] = store.Hit{Record: *r, Score: b.Score}
		}
	}
	return out, nil
}

func (sn *snapshot) ids(ctx context.Context, slots []int64) (map[int64]string, error) {
	ids := make(map[int64]string, len(slots))
	for chunk := range chunks(slots) {
		rows, err := sn.tx.QueryContext(ctx, "SELECT slot, id FROM records WHERE slot IN "+list(len(chunk)), chunk...)
		if err != nil {
			return nil, sqlError(err)
		}
		defer rows.Close()
		for rows.Next() {
			var slot int64
			var id string
			if err := rows.Scan(&slot, &id); err != nil {
				return nil, sqlError(err)
			}
			ids[slot] = id
		}
		if err := rows.Err(); err != nil {
			return nil, sqlError(err)
		}
	}
	return ids, nil
}
