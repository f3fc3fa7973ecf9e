package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

// calls is every method that can fail, for tests of what makes all of them fail.
func (e *env) calls() map[string]func(ctx context.Context) error {
	src := newSource(40)
	return map[string]func(ctx context.Context) error{
		"Upsert": func(ctx context.Context) error { return e.s.Upsert(ctx, []store.Record{src.record()}) },
		"Delete": func(ctx context.Context) error { return e.s.Delete(ctx, []string{src.record().ID}) },
		"SetTags": func(ctx context.Context) error {
			return e.s.SetTags(ctx, "user", map[string][]store.Tag{e.match(nil)[0].ID: {{Label: "x"}}})
		},
		"RecordFailures": func(ctx context.Context) error { return e.s.RecordFailures(ctx, []store.Failure{src.failure()}) },
		"Flush":          func(ctx context.Context) error { return e.s.Flush(ctx) },
		"Search": func(ctx context.Context) error {
			_, err := e.s.Search(ctx, store.Query{Vectors: matrix(src.unit()), K: 1})
			return err
		},
		"Scan": func(ctx context.Context) error {
			for _, err := range e.s.Scan(ctx, nil, store.Fields{Vectors: true}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"Count":       func(ctx context.Context) error { _, err := e.s.Count(ctx, nil); return err },
		"Get":         func(ctx context.Context) error { _, err := e.s.Get(ctx, []string{"x"}); return err },
		"Stats":       func(ctx context.Context) error { _, err := e.s.Stats(ctx, []string{"x"}); return err },
		"FindContent": func(ctx context.Context) error { _, err := e.s.FindContent(ctx, src.hash(), 10); return err },
		"Failures": func(ctx context.Context) error {
			for _, err := range e.s.Failures(ctx) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"Describe": func(ctx context.Context) error { _, err := e.s.Describe(ctx); return err },
	}
}

func testCancelled(e *env) {
	src := newSource(41)
	e.upsert(src.records(200)...)
	ctx, cancel := context.WithCancel(e.Context())
	cancel()
	for name, call := range e.calls() {
		if err := call(ctx); !errors.Is(err, context.Canceled) {
			e.Errorf("%s with a cancelled context = %v", name, err)
		}
	}
	e.check() // nothing was changed

	ctx, cancel = context.WithCancel(e.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range e.s.Scan(ctx, nil, store.Fields{}) {
		last = err
		if n++; n == 5 {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) {
		e.Errorf("a scan that was cancelled after 5 of 200 records ended after %d with %v", n, last)
	}
	e.check()
}

func testClosed(e *env) {
	src := newSource(42)
	e.upsert(src.records(3)...)
	calls := e.calls()
	for range 2 {
		if err := e.s.Close(); err != nil {
			e.Errorf("Close: %v", err)
		}
	}
	for name, call := range calls {
		if err := call(e.Context()); !errors.Is(err, store.ErrClosed) {
			e.Errorf("%s after Close = %v, want ErrClosed", name, err)
		}
	}
	e.reopen()
	e.check()
}

// testReadersAndAWriter lets each batch replace all records by ones of its own
// number, while readers look whether they ever see two numbers at once.
func testReadersAndAWriter(e *env) {
	const size, batches, readers = 64, 30, 3
	src := newSource(43)
	batch := func(n int) []store.Record {
		out := make([]store.Record, size)
		for i := range out {
			out[i] = src.recordAt(fmt.Sprintf("/%d.jpg", i))
			out[i].Format = fmt.Sprint("batch ", n)
			out[i].Tags = []store.Tag{{Label: out[i].Format, Source: "file"}}
		}
		return out
	}
	e.upsert(batch(0)...)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for r := range readers {
		query := matrix(src.unit())
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := e.lookAtBatch(r, query.Row(0), size); err != nil {
					e.Error(err)
					return
				}
			}
		})
	}
	for n := 1; n <= batches; n++ {
		e.upsert(batch(n)...)
	}
	close(done)
	wg.Wait()
	e.check()
}

// lookAtBatch reads in one of three ways and reports a mixture of batches.
func (e *env) lookAtBatch(way int, query []float32, size int) error {
	var records []store.Record
	switch way {
	case 0:
		for r, err := range e.s.Scan(e.Context(), nil, store.Fields{Vectors: true}) {
			if err != nil {
				return err
			}
			records = append(records, r)
		}
	case 1:
		hits, err := e.s.Search(e.Context(), store.Query{Vectors: matrix(query), K: 2 * size, MinScore: -1})
		if err != nil {
			return err
		}
		for _, h := range hits[0] {
			records = append(records, h.Record)
		}
	default:
		hits, err := e.s.Search(e.Context(), store.Query{Vectors: matrix(query), K: 2 * size, MinScore: -1, Filter: store.Under("/")})
		if err != nil {
			return err
		}
		for _, h := range hits[0] {
			records = append(records, h.Record)
		}
	}
	if e.opts.TornReads || e.opts.Approximate {
		return nil
	}
	if len(records) != size {
		return fmt.Errorf("a reader saw %d of %d records", len(records), size)
	}
	for _, r := range records {
		if r.Format != records[0].Format || len(r.Tags) != 1 || r.Tags[0].Label != r.Format {
			return fmt.Errorf("a reader saw %q (%v) beside %q", r.Format, r.Tags, records[0].Format)
		}
	}
	return nil
}

// testRandomChanges mixes all changes and compares as it goes.
func testRandomChanges(e *env) {
	steps := 120
	if testing.Short() {
		steps = 60
	}
	src := newSource(44)
	for step := range steps {
		switch src.IntN(8) {
		case 0, 1, 2, 3:
			batch := make([]store.Record, 1+src.IntN(20))
			for i := range batch {
				batch[i] = src.record()
			}
			e.upsert(batch...)
		case 4:
			ids := []string{src.record().ID}
			for _, r := range e.match(nil) {
				if src.IntN(5) == 0 {
					ids = append(ids, r.ID)
				}
			}
			e.delete(ids...)
		case 5:
			tags := make(map[string][]store.Tag)
			for _, r := range e.match(nil) {
				if src.IntN(10) == 0 {
					tags[r.ID] = []store.Tag{src.tag("")}
				}
			}
			e.setTags(src.pick(sources), tags)
		case 6:
			e.recordFailures(src.failure(), src.failure())
		case 7:
			if src.IntN(4) == 0 {
				e.reopen()
			}
			e.checkSearch(store.Query{Vectors: matrix(src.unit(), src.unit()), K: 1 + src.IntN(50), MinScore: -1, Filter: src.filter(2)})
		}
		if step%10 == 0 {
			e.check()
		}
		if f := src.filter(3); !slices.Equal(idsOf(e.scan(f, store.Fields{})), idsOf(e.match(f))) {
			e.Fatalf("step %d: Scan(%#v) is wrong", step, f)
		}
	}
	e.check()
}
