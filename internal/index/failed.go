package index

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// fail makes a failure of a file whose content is no picture that can be shown. The record of
// what it was goes, unless a person gave it tags: a program that is writing it, or a disk that
// is failing, must not cost what cannot be made again.
func (w *worker) fail(ctx context.Context, c candidate, err error) error {
	if !c.added() {
		was, lookErr := w.x.store.Get(ctx, []string{c.id})
		if lookErr != nil {
			return fmt.Errorf("looking up %s: %w", c.entry.Path, lookErr)
		}
		if len(was) == 1 && slices.ContainsFunc(was[0].Tags, func(t store.Tag) bool { return t.Source == "user" }) {
			w.x.log.Warn("a picture with tags that a person gave cannot be read any more; its record stays as it was",
				"path", c.entry.Path, "reason", reason(err))
			return w.keep(ctx, c, err)
		}
	}
	return w.commits.send(ctx, w.failure(c, store.Failure{Size: c.entry.Size, ModTime: c.entry.ModTime}, err))
}

// leaveUnread notes that a file could not be read. What the index has of it stays, and each run
// tries again: a disk may be back, a permission given, without a change to the file itself.
func (w *worker) leaveUnread(ctx context.Context, c candidate, err error) error {
	switch {
	case c.unread:
		w.t.failedBefore.Add(1)
		return nil
	case !c.added():
		return w.keep(ctx, c, err)
	}
	return w.commits.send(ctx, w.failure(c, store.Failure{}, err)) // see isUnread
}

// isUnread reports whether a failure is of a file that could not be read: it has no time, and
// so is never as the file is.
func isUnread(failed store.Stat) bool { return failed.ModTime.IsZero() }

// keep counts a failure that is reported, and not put into the index in the place of a record.
func (w *worker) keep(ctx context.Context, c candidate, err error) error {
	ch := w.failure(c, store.Failure{}, err)
	ch.failure = nil
	return w.commits.send(ctx, ch)
}

// failure fills in what a failure of a file says besides its state.
func (w *worker) failure(c candidate, f store.Failure, err error) change {
	f.ID, f.Path, f.Root, f.Reason, f.At = c.id, c.entry.Path, c.entry.Root, reason(err), time.Now()
	return change{failure: &f, count: func() {
		w.t.failed.Add(1)
		w.x.observer.Failed(f.Path, f.Reason)
	}}
}
