package agreement_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/measure/agreement"
	"github.com/sightline/sightline/internal/store"
)

// listing is a store of so many paths.
type listing struct {
	store.Scanner
	n   int
	err error
}

func (l listing) Scan(context.Context, store.Filter, store.Fields) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		for i := range l.n {
			if !yield(store.Record{Path: fmt.Sprint("/", i)}, nil) {
				return
			}
		}
		if l.err != nil {
			yield(store.Record{}, l.err)
		}
	}
}

// A sample is as large as was asked for, of what is there, the same each time, and
// drawn from everywhere.
func TestSampleIndex(t *testing.T) {
	for _, c := range []struct{ n, size, want int }{{0, 5, 0}, {3, 5, 3}, {5, 5, 5}, {1000, 100, 100}} {
		got, err := agreement.SampleIndex(t.Context(), listing{n: c.n}, c.size)
		again, _ := agreement.SampleIndex(t.Context(), listing{n: c.n}, c.size)
		if err != nil || len(got) != c.want || cmp.Diff(got, again) != "" {
			t.Errorf("%d of %d: %q, %v; again %q", c.size, c.n, got, err, again)
		}
		slices.Sort(got)
		if distinct := slices.Compact(slices.Clone(got)); len(distinct) != len(got) {
			t.Errorf("%d of %d: some come twice: %q", c.size, c.n, got)
		}
		if c.n == 1000 {
			late := 0
			for _, p := range got {
				if len(p) == len("/999") && p >= "/500" {
					late++
				}
			}
			if late < 30 || late > 70 {
				t.Errorf("%d of 100 are from the second half", late)
			}
		}
	}
	broken := errors.New("broken")
	if _, err := agreement.SampleIndex(t.Context(), listing{n: 3, err: broken}, 5); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestSampleFolder(t *testing.T) {
	files := pictures(t, 6) // and one that is none
	dir := filepath.Dir(files[0])
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for size, want := range map[int]int{3: 3, 7: 7, 100: 7} {
		got, err := agreement.SampleFolder(t.Context(), dir, size)
		if err != nil || len(got) != want {
			t.Errorf("%d: %q, %v", size, got, err)
		}
	}
	if _, err := agreement.SampleFolder(t.Context(), filepath.Join(dir, "none"), 3); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is missing: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := agreement.SampleFolder(ctx, dir, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("under a context that has ended: %v", err)
	}
}
