package index_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/store"
)

func TestInterrupt(t *testing.T) {
	w := newWorld(t)
	const n = 200
	for i := range n {
		w.picture(fmt.Sprintf("%03d.png", i), i)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w.seen.onEmbedded = func(int) { cancel() }
	r, err := w.indexer().Run(ctx, []string{w.photos})
	if !errors.Is(err, context.Canceled) || !r.Interrupted {
		t.Fatalf("error %v, report %+v", err, r)
	}
	if got := int64(len(w.names())); got == 0 || got != r.Added || got != r.Embedded {
		t.Errorf("%d records are durable, the report says %d added", got, r.Added)
	}
	w.seen.onEmbedded = nil
	rest := w.run()
	if rest.Added+r.Added != n || rest.Unchanged != r.Added {
		t.Errorf("first %+v\nthen %+v", countsOf(r), countsOf(rest))
	}
}

// wrong lets a store fail at a chosen call.
type wrong struct {
	store.Store
	upserts int
}

func (w *wrong) Upsert(ctx context.Context, r []store.Record) error {
	if w.upserts--; w.upserts < 0 {
		return errDisk
	}
	return w.Store.Upsert(ctx, r)
}

func TestStoreFails(t *testing.T) {
	w := newWorld(t)
	const n = 600 // more than one commit
	for i := range n {
		w.picture(fmt.Sprintf("%03d.png", i), i)
	}
	healthy := w.store
	w.store = &wrong{Store: healthy, upserts: 1}
	r, err := w.indexer().Run(t.Context(), []string{w.photos})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("error %v", err)
	}
	w.store = healthy
	if got := int64(len(w.names())); got != r.Added || got == 0 {
		t.Errorf("%d records are durable, the report says %d", got, r.Added)
	}
	if rest := w.run(); rest.Added+r.Added != n {
		t.Errorf("after the disk was cleared %d + %d of %d", r.Added, rest.Added, n)
	}
}

func TestModelFails(t *testing.T) {
	w := newWorld(t)
	for i := range 40 {
		w.picture(fmt.Sprintf("%03d.png", i), i)
	}
	broken := errors.New("out of memory")
	w.encoder.OnImages = func(_ context.Context, call int, _ *clip.Batch) error {
		if call > 3 {
			return broken
		}
		return nil
	}
	if _, err := w.indexer().Run(t.Context(), []string{w.photos}); !errors.Is(err, broken) {
		t.Fatalf("error %v", err)
	}
}

// What cannot be prepared must not reach the index as something else.
func TestPreparingFails(t *testing.T) {
	w := newWorld(t)
	for i := range 9 {
		w.picture(fmt.Sprintf("%d.png", i), i)
	}
	w.encoder.WithSpec(func(s *clip.Spec) { s.Preprocess.Fit = "stretched" })
	if _, err := w.indexer().Run(t.Context(), []string{w.photos}); err == nil || !strings.Contains(err.Error(), "stretched") {
		t.Errorf("error %v", err)
	}
	if n := w.names(); len(n) != 0 {
		t.Errorf("records: %v", n)
	}
}
