package index

import (
	"context"
	"errors"

	"github.com/sightline/sightline/internal/store"
)

// AllFailures is the limit of ReadStatus that lists every failure.
const AllFailures = -1

// Status is what there is to say about an index.
type Status struct {
	store.Description
	Listed []store.Failure // in path order, as many as were asked for
	// Damaged is the number of records whose files are damaged; -1 where the store cannot
	// count them.
	Damaged int64
}

// Unlisted is the number of failures beyond those listed.
func (s Status) Unlisted() int64 { return max(0, s.Failures-int64(len(s.Listed))) }

// ReadStatus describes an index and lists its failures, at most limit of them unless
// that is AllFailures.
func ReadStatus(ctx context.Context, st store.Store, limit int) (Status, error) {
	d, err := st.Describe(ctx)
	if err != nil {
		return Status{}, err
	}
	s := Status{Description: d, Damaged: -1}
	if damaged := store.Has(store.HasDamage); store.CanFilter(st, damaged) {
		n, err := st.Count(ctx, damaged)
		if err != nil && !errors.Is(err, store.ErrOlderFormat) {
			return Status{}, err
		}
		if err == nil {
			s.Damaged = n
		}
	}
	for f, err := range st.Failures(ctx) {
		if err != nil {
			return Status{}, err
		}
		if limit != AllFailures && len(s.Listed) == limit {
			break
		}
		s.Listed = append(s.Listed, f)
	}
	return s, nil
}
