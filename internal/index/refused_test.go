package index_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
)

// picky is a store that has no room for records whose path holds a word, nor for failures
// whose path holds another.
type picky struct{ store.Store }

func refusal(id, path string) error {
	return &store.RecordError{ID: id, Path: path, Err: errors.New("more than there is room for")}
}

func (p picky) Upsert(ctx context.Context, records []store.Record) error {
	for _, r := range records {
		if strings.Contains(r.Path, "odd") {
			return refusal(r.ID, r.Path)
		}
	}
	return p.Store.Upsert(ctx, records)
}

func (p picky) RecordFailures(ctx context.Context, failures []store.Failure) error {
	for _, f := range failures {
		if strings.Contains(f.Path, "odder") {
			return refusal(f.ID, f.Path)
		}
	}
	return p.Store.RecordFailures(ctx, failures)
}

// What the store cannot keep of one picture is that picture's failure.
func TestRefusedRecords(t *testing.T) {
	w := newWorld(t)
	w.store = picky{w.store}
	for i, name := range []string{"a.png", "odd.png", "b.png", "odder.png", "c.png"} {
		w.picture(name, i)
	}
	r := w.run()
	w.want(r, counts{Seen: 5, Added: 3, Failed: 2, Embedded: 3})
	failures := w.failures()
	if f := failures["odd.png"]; len(failures) != 1 || f.Reason != "more than there is room for" || f.Size == 0 {
		t.Errorf("failures %+v", failures)
	}
	if diff := cmp.Diff([]string{"a.png", "b.png", "c.png"}, sorted(w.names())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var told []string
	for _, p := range w.seen.failed {
		told = append(told, filepath.Base(p))
	}
	if diff := cmp.Diff([]string{"odd.png", "odder.png"}, sorted(told)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	w.want(w.run(), counts{Seen: 5, Unchanged: 3, Failed: 1, FailedBefore: 1})
}
