package hub

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/fault"
)

// Retry says how often and how patiently failed requests are tried again: those
// that a network, a stall, a limit (429) or the server's own trouble (5xx) broke.
type Retry struct {
	Attempts int           // in a row without progress; 6 when zero
	Base     time.Duration // before the second attempt, doubled for each later one; 500 ms when zero
	Max      time.Duration // the longest of these; 30 s when zero
	// MaxRetryAfter is the longest wait that the hub may ask for with Retry-After;
	// when it asks for more, the fetch ends and says so. 2 minutes when zero.
	MaxRetryAfter time.Duration
}

func (r Retry) orDefaults() Retry {
	if r.Attempts <= 0 {
		r.Attempts = 6
	}
	if r.Base <= 0 {
		r.Base = 500 * time.Millisecond
	}
	if r.Max <= 0 {
		r.Max = 30 * time.Second
	}
	if r.MaxRetryAfter <= 0 {
		r.MaxRetryAfter = 2 * time.Minute
	}
	return r
}

// delay is the wait after the n-th failure in a row, n from 1: exponential, with
// the upper half random so that many clients do not come back at once.
func (r Retry) delay(n int, random float64) time.Duration {
	d := r.Max
	if n < 32 {
		if e := r.Base << (n - 1); e > 0 && e < r.Max {
			d = e
		}
	}
	return d/2 + time.Duration(random*float64(d/2))
}

// progressWorth is how many new bytes make up for earlier failures: a transfer
// that is cut every few megabytes goes on, one that trickles does not.
const progressWorth = 1 << 20

// transientError is a failure that is worth another attempt.
type transientError struct {
	err   error
	after time.Duration // what the server asked to wait; 0 when it did not
	// unreached says that there was no connection at all.
	unreached bool
}

func (e *transientError) Error() string { return e.err.Error() }
func (e *transientError) Unwrap() error { return e.err }

// attempts counts the failures in a row of one transfer.
type attempts struct {
	c      *Client
	what   string
	failed int
}

// again waits before the next attempt, or returns the error to give up with.
// gained is how many bytes the failed attempt brought.
func (a *attempts) again(ctx context.Context, err error, gained int64) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	transient, ok := errors.AsType[*transientError](err)
	if !ok {
		return err
	}
	if gained >= progressWorth {
		a.failed = 0
	}
	a.failed++
	if a.failed >= a.c.retry.Attempts {
		return fault.Advise("try again later: what has arrived is kept", "gave up after %d attempts: %w", a.failed, err)
	}
	wait := a.c.retry.delay(a.failed, a.c.jitter())
	if transient.after > a.c.retry.MaxRetryAfter {
		return fault.Advise(fmt.Sprintf("try again in %v: what has arrived is kept", transient.after.Round(time.Second)), "%w", err)
	}
	wait = max(wait, transient.after)
	a.c.log.Warn("trying again", "what", a.what, "attempt", a.failed+1, "wait", wait, "reason", err)
	return a.c.sleep(ctx, wait)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// retryAfter reads how long the server asks to wait: Retry-After in seconds or as
// a date (RFC 9110, 10.2.3), else the "t" of the hub's RateLimit header. A
// client's clock may be wrong, so that a date is measured against the server's.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.ParseInt(v, 10, 64); err == nil {
		return time.Duration(min(max(s, 0), 7*86400)) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		if date, err := http.ParseTime(h.Get("Date")); err == nil {
			now = date
		}
		return min(max(at.Sub(now), 0), 7*24*time.Hour)
	}
	for part := range strings.SplitSeq(h.Get("RateLimit"), ";") {
		if t, ok := strings.CutPrefix(strings.TrimSpace(part), "t="); ok {
			if s, err := strconv.ParseInt(t, 10, 64); err == nil && s > 0 && s < 7*86400 {
				return time.Duration(s) * time.Second
			}
		}
	}
	return 0
}
