// Package transfer copies an index from one store to another: from the embedded one
// to Milvus when a collection outgrows its machine, and back.
//
// Both stores yield their records in id order, so that the two are walked side by
// side and only what differs is sent. That makes a copy resumable without a note of
// how far it came, and a second copy of an index that changed little is quick. What
// the target has beside the source is left alone.
package transfer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sightline/sightline/internal/store"
)

// ErrCheck says that the target does not hold what was copied; the message says how
// that was noticed.
var ErrCheck = errors.New("the copy is not equal to its source")

// Options says what a copy takes besides its stores. The zero value is right.
type Options struct {
	// Observer is told how many of the source's records are in the target, and how many
	// there are; nil for nobody. Calls come from several goroutines.
	Observer func(done, total int64)

	// Tests set these.
	batch  int    // records sent at once; 0 means 1000, and never more than the target's largest sensible batch
	sample int    // records, picked at random, that are compared at the end, vectors included; 0 means 200
	seed   uint64 // of the random choice; 0 means another one each time
}

// Report is the outcome of a copy.
type Report struct {
	Records   int64   // in the source
	Copied    int64   // of those, written to the target
	Unchanged int64   // of those, in the target already with the same facts and tags
	Extra     int64   // in the target, neither a record nor a failure of the source, left alone
	Refused   int64   // of those, what the target cannot keep; they are failures there
	Failures  int64   // of files in the source's list; those that differed were copied
	Documents int64   // of the source, which are equal in the target now; 0 where one of the two keeps none
	Sampled   int64   // records that were compared at the end, vectors included
	Seconds   float64 // wall time
}

const (
	defaultBatch  = 1000
	defaultSample = 200
	// ahead is how many batches are read while one is written.
	ahead = 2
)

// Copy brings to up to date with from and checks the outcome. Both must be the
// index of one model, or a *store.ModelMismatchError is returned and nothing is
// written. After an error, or when the context ends, what was copied stays, and the
// next Copy goes on from there; the report tells how far this one came.
func Copy(ctx context.Context, from, to store.Store, o Options) (Report, error) {
	c := &copying{from: from, to: to, options: withDefaults(o, to.Capabilities()), refused: make(map[string]bool)}
	start := time.Now()
	err := c.run(ctx)
	c.report.Seconds = time.Since(start).Seconds()
	return c.report, err
}

func withDefaults(o Options, target store.Capabilities) Options {
	if o.batch <= 0 {
		o.batch = defaultBatch
	}
	if target.MaxBatch > 0 {
		o.batch = min(o.batch, target.MaxBatch)
	}
	if o.sample <= 0 {
		o.sample = defaultSample
	}
	if o.seed == 0 {
		o.seed = rand.Uint64()
	}
	if o.Observer == nil {
		o.Observer = func(int64, int64) {}
	}
	return o
}

// copying is one copy under way.
type copying struct {
	from, to store.Store
	options  Options
	report   Report
	sample   *sample
	total    int64        // records of the source, for the observer
	done     atomic.Int64 // of those, in the target

	refused map[string]bool // ids of what the target cannot keep
}

// arrived notes that n more records are in the target.
func (c *copying) arrived(n int) {
	c.options.Observer(c.done.Add(int64(n)), c.total)
}

func (c *copying) run(ctx context.Context) error {
	source, err := c.sameModel(ctx)
	if err != nil {
		return err
	}
	c.total = source.Records
	c.sample = newSample(c.options.sample, c.options.seed)
	if err := c.records(ctx); err != nil {
		return err
	}
	if err := c.failures(ctx); err != nil {
		return err
	}
	if c.report.Documents, err = copyDocuments(ctx, c.from, c.to); err != nil {
		return err
	}
	if err := c.to.Flush(ctx); err != nil {
		return fmt.Errorf("finishing the copy: %w", err)
	}
	return c.check(ctx)
}

// sameModel makes sure that the vectors of both mean the same.
func (c *copying) sameModel(ctx context.Context) (store.Description, error) {
	source, err := c.from.Describe(ctx)
	if err != nil {
		return store.Description{}, fmt.Errorf("reading the source: %w", err)
	}
	target, err := c.to.Describe(ctx)
	if err != nil {
		return store.Description{}, fmt.Errorf("reading the target: %w", err)
	}
	if source.Model.Fingerprint != target.Model.Fingerprint {
		return store.Description{}, &store.ModelMismatchError{Have: target.Model, Want: source.Model}
	}
	return source, nil
}

// records walks both stores and writes what differs, reading ahead while it writes.
func (c *copying) records(ctx context.Context) error {
	batches := make(chan []store.Record, ahead)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(batches)
		return c.compare(ctx, batches)
	})
	g.Go(func() error {
		for b := range batches {
			if err := c.write(ctx, b); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

// write sends records. What the target cannot keep of one is a failure there, with the
// reason, and does not keep the others.
func (c *copying) write(ctx context.Context, batch []store.Record) error {
	for len(batch) > 0 {
		err := c.to.Upsert(ctx, batch)
		var bad *store.RecordError
		if err == nil {
			c.report.Copied += int64(len(batch))
			c.arrived(len(batch))
			return nil
		} else if !errors.As(err, &bad) {
			return fmt.Errorf("writing %d records: %w", len(batch), err)
		}
		i := slices.IndexFunc(batch, func(r store.Record) bool { return r.ID == bad.ID })
		if i < 0 {
			return fmt.Errorf("writing %d records: %w", len(batch), err)
		}
		if err := c.refuse(ctx, batch[i], bad.Err); err != nil {
			return err
		}
		batch = slices.Delete(batch, i, i+1)
	}
	return nil
}

// refuse notes a record that the target cannot keep.
func (c *copying) refuse(ctx context.Context, r store.Record, why error) error {
	f := store.Failure{ID: r.ID, Path: r.Path, Root: r.Root, Size: r.Size, ModTime: r.ModTime, Reason: why.Error(), At: time.Now()}
	err := c.to.RecordFailures(ctx, []store.Failure{f})
	var bad *store.RecordError
	if err != nil && !errors.As(err, &bad) { // where even that is too much, the count tells
		return fmt.Errorf("writing a failure: %w", err)
	}
	c.refused[r.ID] = true
	c.report.Refused++
	c.arrived(1)
	return nil
}

// compare walks both stores in id order and sends the records that the target
// lacks, or has with other facts.
func (c *copying) compare(ctx context.Context, batches chan<- []store.Record) error {
	there := newCursor(c.to.Scan(ctx, nil, store.Fields{}))
	defer there.stop()
	if err := there.next(); err != nil {
		return fmt.Errorf("reading the target: %w", err)
	}
	var batch []store.Record
	send := func() error {
		if len(batch) == 0 {
			return nil
		}
		select {
		case batches <- batch:
			batch = nil
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for r, err := range c.from.Scan(ctx, nil, store.Fields{Vectors: true}) {
		if err != nil {
			return fmt.Errorf("reading the source: %w", err)
		}
		c.report.Records++
		c.sample.offer(r)
		for there.valid && there.record.ID < r.ID {
			c.report.Extra++
			if err := there.next(); err != nil {
				return fmt.Errorf("reading the target: %w", err)
			}
		}
		same := there.valid && there.record.ID == r.ID && sameRecord(r, there.record)
		if there.valid && there.record.ID == r.ID {
			if err := there.next(); err != nil {
				return fmt.Errorf("reading the target: %w", err)
			}
		}
		if same {
			c.report.Unchanged++
			c.arrived(1)
			continue
		}
		if batch = append(batch, r); len(batch) == c.options.batch {
			if err := send(); err != nil {
				return err
			}
		}
	}
	for there.valid {
		c.report.Extra++
		if err := there.next(); err != nil {
			return fmt.Errorf("reading the target: %w", err)
		}
	}
	return send()
}

// failures copies the list of files that could not be indexed. How often each was
// tried is not carried over: the target counts from its own first time.
func (c *copying) failures(ctx context.Context) error {
	there := make(map[string]store.Failure)
	for f, err := range c.to.Failures(ctx) {
		if err != nil {
			return fmt.Errorf("reading the target's failures: %w", err)
		}
		there[f.ID] = f
	}
	var batch []store.Failure
	write := func() error {
		if len(batch) == 0 {
			return nil
		}
		// A picture of the target that can no longer be read in the source goes with this.
		replaced, err := c.recordsOf(ctx, batch)
		if err != nil {
			return err
		}
		if err := c.to.RecordFailures(ctx, batch); err != nil {
			return fmt.Errorf("writing %d failures: %w", len(batch), err)
		}
		c.report.Extra -= replaced
		batch = batch[:0]
		return nil
	}
	for f, err := range c.from.Failures(ctx) {
		if err != nil {
			return fmt.Errorf("reading the source's failures: %w", err)
		}
		c.report.Failures++
		if old, ok := there[f.ID]; ok && sameFailure(f, old) {
			continue
		}
		if batch = append(batch, f); len(batch) == c.options.batch {
			if err := write(); err != nil {
				return err
			}
		}
	}
	return write()
}

// recordsOf counts the failures that the target has a record of.
func (c *copying) recordsOf(ctx context.Context, failures []store.Failure) (int64, error) {
	ids := make([]string, len(failures))
	for i, f := range failures {
		ids[i] = f.ID
	}
	there, err := c.to.Stats(ctx, ids)
	if err != nil {
		return 0, fmt.Errorf("looking up %d failures in the target: %w", len(ids), err)
	}
	var n int64
	for _, st := range there {
		if !st.Failed {
			n++
		}
	}
	return n, nil
}
