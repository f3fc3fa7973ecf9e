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
	// broadSample is how many records tell which it is.
	broadSample = 256
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
		broad, err := sn.isBroad(ctx, where)
		if err != nil {
			return nil, err
		}
		if broad {
			tops, err := s.searchAll(ctx, sn, wide)
			if err != nil {
				return nil, err
			}
			if tops, done, err := sn.keepMatching(ctx, tops, wide.K, q.K, where); done || err != nil {
				return tops, err
			}
		}
	}
	selected, err := sn.matching(ctx, where)
	if err != nil {
		return nil, err
	}
	return s.searchSlots(ctx, sn, q, selected)
}

// matching is the slots whose records meet a condition.
func (sn *snapshot) matching(ctx context.Context, where condition) (*bitmap, error) {
	b := newBitmap(sn.slots)
	err := sn.eachSlot(ctx, condition{"SELECT r.slot FROM records r WHERE " + where.sql, where.args}, b.set)
	return b, err
}

// isBroad tells whether a condition is broad, as far as some slots that are evenly
// spread show.
func (sn *snapshot) isBroad(ctx context.Context, where condition) (bool, error) {
	slots := make([]int64, broadSample)
	for i := range slots {
		slots[i] = int64(i) * sn.slots / broadSample
	}
	meets := 0
	err := sn.eachMatching(ctx, slots, where, func(int64) { meets++ })
	return meets*broadShare >= broadSample, err
}

// eachMatching calls f for those of the given slots whose records meet a condition.
func (sn *snapshot) eachMatching(ctx context.Context, slots []int64, where condition, f func(slot int64)) error {
	for chunk := range chunks(slots) {
		query := "SELECT r.slot FROM records r WHERE r.slot IN " + list(len(chunk)) + " AND (" + where.sql + ")"
		if err := sn.eachSlot(ctx, condition{query, append(chunk, where.args...)}, f); err != nil {
			return err
		}
	}
	return nil
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
		if err := sn.eachMatching(ctx, slots, where, func(slot int64) { meets[int(slot)] = true }); err != nil {
			return nil, false, err
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
