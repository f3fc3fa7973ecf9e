package index_test

import (
	"context"
	"errors"
	"os"
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

// TestLargeFileCounts: a file of many bytes takes its share of the memory that a picture may
// take, whatever its pixels need.
func TestLargeFileCounts(t *testing.T) {
	const size = 65 << 20 // more than is counted as nothing
	for name, tt := range map[string]struct {
		memory int64
		reason string // "" if it is read
	}{
		"fits":           {size * 3, ""},
		"with its file":  {size + 8<<20, "file and decoding take about"},
		"the file alone": {size - 1, "at most"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.options.Limits.MaxMemory = tt.memory
			w.write("a.jpg", shaded(t, 64, 48, 10))
			if err := os.Truncate(w.path("a.jpg"), size); err != nil { // zeros behind the picture
				t.Fatal(err)
			}
			r := w.run()
			if failed := int64(len(w.failures())); failed != r.Failed || (r.Failed == 1) != (tt.reason != "") {
				t.Fatalf("%+v", countsOf(r))
			}
			for _, f := range w.failures() {
				if !strings.Contains(f.Reason, tt.reason) {
					t.Errorf("reason %q, want %q in it", f.Reason, tt.reason)
				}
			}
		})
	}
}
