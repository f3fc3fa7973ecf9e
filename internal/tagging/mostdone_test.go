package tagging

import (
	"context"
	"iter"
	"path/filepath"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

// counted is a store that counts the vectors that it hands out.
type counted struct {
	store.Store
	scanned, got int
}

func (c *counted) Scan(ctx context.Context, f store.Filter, fields store.Fields) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		for r, err := range c.Store.Scan(ctx, f, fields) {
			if r.Vector != nil {
				c.scanned++
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func (c *counted) Get(ctx context.Context, ids []string) ([]store.Record, error) {
	c.got += len(ids)
	return c.Store.Get(ctx, ids)
}

// A run with nothing to do, or little, reads no vectors but those that it compares.
func TestVectorsOfWhatIsDoneAreNotRead(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	defer s.Close()
	g := OpenRegistry(filepath.Join(dir, "runs"))
	c := classifier(t, labels)
	upsert(t, s, records(0, 300))
	tag := func(scanned, got int) {
		t.Helper()
		w := &counted{Store: s}
		if _, err := New(w, g, &counter{}).Tag(t.Context(), c, plan(PerImage, 2)); err != nil {
			t.Fatal(err)
		}
		if w.scanned != scanned || w.got != got {
			t.Errorf("%d vectors were scanned and %d asked for, want %d and %d", w.scanned, w.got, scanned, got)
		}
	}
	tag(300, 0)
	tag(0, 0)
	upsert(t, s, records(300, 7))
	tag(0, 7)
	upsert(t, s, records(307, 300))
	tag(607, 0) // half of them are new
}
