package local

import (
	"context"
	"slices"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// How a filter is applied. One that few records meet becomes a bitmap, and the scan
// passes over the rest. Of one that many meet, the bitmap would cost more than the scan
// that it saves, since SQLite hands over each slot by itself: there the search is made
// without it, for a few times as many as are wanted, and the filter is asked about
// those alone.
const (
	// broadShare is the share of records, as 1/n, from which a filter is broad.
	broadShare = 16
	// broadTimes is how many times as many are searched for, and broadLeast how many at
	// least: a filter that a sixteenth of the best meet is then mostly answered at once.
	broadTimes = 32
	broadLeast = 256
	// Where more are wanted, or by more queries, the bitmap is shared by enough.
	broadMost    = 4096
	broadQueries = 16
)

// searchFiltered searches the records that meet a condition. The result is exact in
// either way.
func (s *Store) searchFiltered(ctx context.Context, sn *snapshot, q store.Query, where condition) ([]*vec.TopK, error) {
	wide := q
	wide.Filter, wide.K = nil, max(broadLeast, broadTimes*q.K)
	if wide.K <= broadMost && q.Vectors.Rows <= broadQueries && sn.slots >= s.codesFrom {
		selected, whole, err := sn.matching(ctx, where, sn.slots/broadShare)
		if err != nil {
			return nil, err
		}
		if whole {
			return s.searchSlots(ctx, sn, q, selected)
		}
		tops, err := s.searchAll(ctx, sn, wide)
		if err != nil {
			return nil, err
		}
		if tops, done, err := sn.keepMatching(ctx, tops, wide.K, q.K, where); done || err != nil {
			return tops, err
		}
	}
	selected, _, err := sn.matching(ctx, where, sn.slots)
	if err != nil {
		return nil, err
	}
	return s.searchSlots(ctx, sn, q, selected)
}

// matching is the slots whose records meet a condition. Where they are more than the
// given number, whole is false and some are missing.
func (sn *snapshot) matching(ctx context.Context, where condition, most int64) (selected *bitmap, whole bool, err error) {
	b := newBitmap(sn.slots)
	var n int64
	query := "SELECT r.slot FROM records r WHERE (" + where.sql + ") LIMIT ?"
	err = sn.eachSlot(ctx, condition{query, append(slices.Clone(where.args), most+1)}, func(slot int64) {
		b.set(slot)
		n++
	})
	return b, n <= most, err
}

// keepMatching makes of the searched best of all records the k best of those that meet
// a condition. done is false where they are not certain to be among them.
func (sn *snapshot) keepMatching(ctx context.Context, tops []*vec.TopK, searched, k int, where condition) (_ []*vec.TopK, done bool, err error) {
	out := make([]*vec.TopK, len(tops))
	for q, top := range tops {
		best := top.Sorted(nil)
		all := len(best) < searched
		if !all {
			// Of those that tie with the last some may have been left out.
			last := best[len(best)-1].Score
			best = best[:slices.IndexFunc(best, func(b vec.Scored) bool { return b.Score == last })]
		}
		slots := make([]int64, len(best))
		for i, b := range best {
			slots[i] = int64(b.Index)
		}
		meets := make(map[int]bool, len(best))
		for chunk := range chunks(slots) {
			query := "SELECT r.slot FROM records r WHERE r.slot IN " + list(len(chunk)) + " AND (" + where.sql + ")"
			err := sn.eachSlot(ctx, condition{query, append(chunk, where.args...)}, func(slot int64) { meets[int(slot)] = true })
			if err != nil {
				return nil, false, err
			}
		}
		if len(meets) < k && !all {
			return nil, false, nil
		}
		out[q] = vec.NewTopK(k)
		for _, b := range best {
			if meets[b.Index] {
				out[q].Offer(b.Index, b.Score)
			}
		}
	}
	return out, true, nil
}
