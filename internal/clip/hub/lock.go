package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/sightline/sightline/internal/fault"
)

// lockPoll is how often a waiting process looks whether the other is done.
const lockPoll = 200 * time.Millisecond

// lock makes this process the only one that writes the bundle in dir. The lock
// is the system's own and ends with the process; the empty file stays, because
// removing it would let two processes hold locks on two files of one name.
func (c *Client) lock(ctx context.Context, dir string, m *meter) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, fmt.Errorf("make the models' folder: %w", err)
	}
	l := flock.New(lockFile(dir))
	release := func() {
		if err := l.Unlock(); err != nil {
			c.log.Warn("cannot release the lock", "file", l.Path(), "reason", err)
		}
	}
	got, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if got {
		return release, nil
	}
	c.log.Info("another process is fetching this model, waiting for it", "dir", dir)
	m.enter(Waiting, "")
	waitCtx, cancel := ctx, func() {}
	if c.lockWait > 0 {
		waitCtx, cancel = context.WithTimeout(ctx, c.lockWait)
	}
	defer cancel()
	if _, err := l.TryLockContext(waitCtx, lockPoll); err != nil {
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return nil, fault.Advise("wait for it to finish, then run this again", "%s: %w", dir, ErrBusy)
		}
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return release, nil
}
