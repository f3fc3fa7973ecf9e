package index

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// memory is what pictures may take that are decoded at the same time. What one needs
// beyond the whole budget it gets alone, up to the limit of package imaging.
//
// The collector lets garbage grow to the size of what lives, which would double the
// budget. So it is called when the pictures that are done amount to half of it.
type memory struct {
	budget int64
	free   *semaphore.Weighted
	done   atomic.Int64 // bytes of pictures since the last collection
	// large is held by the one file of more than keepBuffer bytes that is in memory: two
	// would be as much as many pictures. Nobody who holds room waits for it.
	large *semaphore.Weighted
}

func newMemory(budget int64) *memory {
	return &memory{budget: budget, free: semaphore.NewWeighted(budget), large: semaphore.NewWeighted(1)}
}

// acquire waits until there is room for n bytes. release gives them back.
func (m *memory) acquire(ctx context.Context, n int64) (release func(), err error) {
	weight := min(n, m.budget)
	if err := m.free.Acquire(ctx, weight); err != nil {
		return nil, err
	}
	large := weight > m.budget/2
	if large {
		// Nothing that the system could have may be held beside so large a picture.
		// Measured over a folder of the largest pictures: a peak of 0.8 GB instead of 1.8.
		m.done.Store(0)
		debug.FreeOSMemory()
	}
	return func() {
		if m.done.Add(n) > m.budget/2 {
			m.done.Store(0)
			if large {
				debug.FreeOSMemory()
			} else {
				runtime.GC()
			}
		}
		m.free.Release(weight)
	}, nil
}
