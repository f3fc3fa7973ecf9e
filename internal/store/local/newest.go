package local

import (
	"cmp"
	"container/heap"
	"context"
	"encoding/binary"
	"iter"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/store"
)

// ScanNewest implements store.NewestScanner. In a large index the order comes from the
// attributes, and only the records that the caller takes are read from the catalogue.
func (s *Store) ScanNewest(ctx context.Context, f store.Filter) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		err := s.scanNewest(ctx, f, func(r store.Record) bool { return yield(r, nil) })
		if err != nil {
			yield(store.Record{}, s.closedOr(err))
		}
	}
}

func (s *Store) scanNewest(ctx context.Context, f store.Filter, yield func(store.Record) bool) error {
	where, err := compile(f)
	if err != nil {
		return err
	}
	sn, err := s.snapshot(ctx, catalogueOnly)
	if err != nil {
		return err
	}
	defer sn.release()
	if err := sn.canAnswer(where); err != nil {
		return err
	}
	ages, err := s.ages(ctx, sn, f)
	if err != nil {
		return err
	}
	if ages == nil {
		_, err := sn.inOrder(ctx, where, "r.when_s DESC, r.when_ns DESC, r.path", yield)
		return err
	}
	var batch []int64
	for more := true; more && len(*ages) > 0; {
		first, from := (*ages)[0], len(batch)
		for len(*ages) > 0 && (*ages)[0].compare(first) == 0 {
			batch = append(batch, heap.Pop(ages).(age).rowID)
		}
		switch {
		case len(batch)-from > chunkSize: // so many of one time are sorted by the catalogue
			if more, err = sn.yieldNewest(ctx, batch[:from], yield); err != nil || !more {
				return err
			}
			same := condition{"(" + where.sql + ") AND r.when_s = ? AND r.when_ns = ?", append(slices.Clone(where.args), first.seconds, first.nanoseconds)}
			more, err = sn.inOrder(ctx, same, "r.path", yield)
			batch = batch[:0]
		case len(batch) >= chunkSize || len(*ages) == 0:
			more, err = sn.yieldNewest(ctx, batch, yield)
			batch = batch[:0]
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inOrder calls yield for the records that meet a condition, in an order of the catalogue's,
// until it returns false.
func (sn *snapshot) inOrder(ctx context.Context, where condition, order string, yield func(store.Record) bool) (more bool, err error) {
	rows, err := sn.tx.QueryContext(ctx, "SELECT r.slot FROM records r WHERE "+where.sql+" ORDER BY "+order, where.args...)
	if err != nil {
		return false, sqlError(err)
	}
	defer rows.Close()
	chunk := make([]int64, 0, chunkSize)
	for rows.Next() {
		var rowID int64
		if err := rows.Scan(&rowID); err != nil {
			return false, sqlError(err)
		}
		if chunk = append(chunk, rowID); len(chunk) == chunkSize {
			if more, err := sn.yieldNewest(ctx, chunk, yield); !more || err != nil {
				return false, err
			}
			chunk = chunk[:0]
		}
	}
	if err := rows.Err(); err != nil {
		return false, sqlError(err)
	}
	return sn.yieldNewest(ctx, chunk, yield)
}

// yieldNewest reads the records of rows and calls yield for them, the newest first and among
// equals by path, until it returns false.
func (sn *snapshot) yieldNewest(ctx context.Context, rowIDs []int64, yield func(store.Record) bool) (more bool, err error) {
	records, err := sn.byRowIDs(ctx, rowIDs)
	if err != nil {
		return false, err
	}
	sorted := make([]row, 0, len(records))
	for rowID, r := range records {
		sorted = append(sorted, row{*r, rowID})
	}
	slices.SortFunc(sorted, func(a, b row) int {
		return cmp.Or(b.When().Compare(a.When()), strings.Compare(a.Path, b.Path))
	})
	return yieldAll(ctx, sorted, yield)
}

// age is a row and the time of its picture.
type age struct {
	seconds     int64
	nanoseconds uint32
	rowID       int64
}

// compare is negative where a is newer.
func (a age) compare(b age) int {
	return cmp.Or(cmp.Compare(b.seconds, a.seconds), cmp.Compare(b.nanoseconds, a.nanoseconds))
}

// byAge is a heap with the newest on top.
type byAge []age

func (h byAge) Len() int           { return len(h) }
func (h byAge) Less(i, j int) bool { return h[i].compare(h[j]) < 0 }
func (h byAge) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byAge) Push(x any)        { *h = append(*h, x.(age)) }

// Pop implements heap.Interface.
func (h *byAge) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// ages returns the rows that meet a filter, as a heap. It returns nil where the attributes
// do not know them all: there the catalogue sorts.
func (s *Store) ages(ctx context.Context, sn *snapshot, f store.Filter) (*byAge, error) {
	if sn.rowCount < s.cachesFrom {
		return nil, nil
	}
	a, err := s.attributes(ctx, sn)
	if err != nil || a == nil {
		return nil, err
	}
	b, err := s.selected(ctx, sn, f)
	if err != nil {
		return nil, err
	}
	for _, rowID := range a.unknown {
		if rowID < sn.rowCount && b.has(rowID) {
			return nil, nil
		}
	}
	h := make(byAge, 0, b.size())
	b.each(0, sn.rowCount, func(rowID int64) {
		e := a.entries[attributeEntry*rowID:]
		h = append(h, age{int64(binary.LittleEndian.Uint64(e)), binary.LittleEndian.Uint32(e[8:]), rowID})
	})
	heap.Init(&h)
	return &h, nil
}
