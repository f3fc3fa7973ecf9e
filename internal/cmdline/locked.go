package cmdline

import (
	"context"
	"errors"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// How long a command waits for another that writes, and how often it asks. Most of them take
// a moment; an index run takes longer, and is reported.
const (
	lockPatience = 3 * time.Second
	lockEvery    = 50 * time.Millisecond
)

// whileLocked opens until the index is free, and gives up with store.ErrLocked once patience
// is over.
func whileLocked[T any](ctx context.Context, patience time.Duration, open func() (T, error)) (T, error) {
	began := time.Now()
	for {
		opened, err := open()
		if !errors.Is(err, store.ErrLocked) || time.Since(began) >= patience {
			return opened, err
		}
		select {
		case <-ctx.Done():
			return opened, errors.Join(ctx.Err(), err)
		case <-time.After(lockEvery):
		}
	}
}
