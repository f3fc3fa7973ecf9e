package index

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// change is one thing that happened to a file and that the store must know.
type change struct {
	record  *store.Record
	failure *store.Failure
	remove  string // id of a record whose file moved away
	count   func() // counts the change once it is durable
}

// The committer writes when it holds commitSize changes, or commitDelay after the
// first of them: often enough that little is lost, seldom enough that the store's
// fsync does not show.
const (
	commitSize  = 256
	commitDelay = 500 * time.Millisecond
)

// committer is the one goroutine that writes to the store.
type committer struct {
	x       *Indexer
	t       *tally
	in      chan []change
	pending []change
}

// send hands changes over. It fails only when the run is failing already.
func (c *committer) send(ctx context.Context, changes ...change) error {
	select {
	case c.in <- changes:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// run writes until in is closed, then writes the rest.
func (c *committer) run(ctx context.Context) error {
	timer := time.NewTimer(commitDelay)
	defer timer.Stop()
	for {
		select {
		case changes, open := <-c.in:
			if !open {
				return c.flush(ctx)
			}
			if len(c.pending) == 0 {
				timer.Reset(commitDelay)
			}
			c.pending = append(c.pending, changes...)
			if len(c.pending) >= commitSize {
				if err := c.flush(ctx); err != nil {
					return err
				}
			}
		case <-timer.C:
			if err := c.flush(ctx); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// flush makes everything pending durable, and only then counts it. New records
// are written before the records that they replace are removed, so that a crash
// in between leaves a picture twice, which the next run mends, and never not at all.
func (c *committer) flush(ctx context.Context) error {
	if len(c.pending) == 0 {
		return nil
	}
	var records []store.Record
	var failures []store.Failure
	var remove []string
	for _, ch := range c.pending {
		switch {
		case ch.record != nil:
			records = append(records, *ch.record)
		case ch.failure != nil:
			failures = append(failures, *ch.failure)
		}
		if ch.remove != "" {
			remove = append(remove, ch.remove)
		}
	}
	if err := c.write(ctx, records, failures, remove); err != nil {
		var bad *store.RecordError
		if errors.As(err, &bad) && c.refuse(bad) {
			return c.flush(ctx)
		}
		return err
	}
	for _, ch := range c.pending {
		ch.count()
	}
	c.x.observer.Embedded(len(records))
	c.pending = c.pending[:0]
	return nil
}

// refuse turns what the store cannot keep of one file into the file's failure, or gives
// up a failure that it cannot keep either. It reports whether there was such a change.
func (c *committer) refuse(bad *store.RecordError) bool {
	found := false
	for i := range c.pending {
		ch := &c.pending[i]
		switch {
		case ch.record != nil && ch.record.ID == bad.ID:
			r, why := ch.record, reason(bad.Err)
			*ch = change{
				failure: &store.Failure{ID: r.ID, Path: r.Path, Root: r.Root, Size: r.Size, ModTime: r.ModTime, Reason: why, At: time.Now()},
				count: func() {
					c.t.failed.Add(1)
					c.x.observer.Failed(r.Path, why)
				},
			}
			found = true
		case ch.failure != nil && ch.failure.ID == bad.ID:
			c.x.log.Warn("a failure cannot be kept in the index", "path", bad.Path, "error", bad.Err)
			ch.failure, found = nil, true
		}
	}
	return found
}

func (c *committer) write(ctx context.Context, records []store.Record, failures []store.Failure, remove []string) error {
	defer begin(&c.t.times.store).end()
	if len(records) > 0 {
		if err := c.x.store.Upsert(ctx, records); err != nil {
			return fmt.Errorf("storing %d pictures: %w", len(records), err)
		}
	}
	if len(failures) > 0 {
		if err := c.x.store.RecordFailures(ctx, failures); err != nil {
			return fmt.Errorf("storing %d failures: %w", len(failures), err)
		}
	}
	if len(remove) > 0 {
		if err := c.x.store.Delete(ctx, remove); err != nil {
			return fmt.Errorf("removing %d moved pictures: %w", len(remove), err)
		}
	}
	return nil
}
