package index_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
)

// scanCounter counts the scans of a store.
type scanCounter struct {
	store.Store
	scans int
}

func (c *scanCounter) Scan(ctx context.Context, f store.Filter, fields store.Fields) iter.Seq2[store.Record, error] {
	c.scans++
	return c.Store.Scan(ctx, f, fields)
}

// Pruning reads the index once, however many roots there are, and judges each
// outermost root by itself.
func TestPruneScansOnce(t *testing.T) {
	for _, c := range []struct {
		name   string
		lose   []string // of a/0 to a/9, a/sub/0 to a/sub/4, b/0 to b/9, c/0
		paths  []string
		how    index.Pruning
		pruned int64
		refuse []string
		left   int
	}{
		{name: "nothing is lost", left: 26},
		{name: "one of each", lose: []string{"a/0.png", "a/sub/0.png", "b/0.png"}, pruned: 3, left: 23},
		{name: "a root inside another is judged as a part of it", lose: []string{"a/sub/0.png", "a/sub/1.png", "a/sub/2.png"}, pruned: 3, left: 23},
		{name: "even where it is gone as a whole", lose: []string{"a/sub"}, refuse: []string{"a 5 of 15"}, left: 26},
		{name: "one root refused, another pruned", lose: []string{"a/0.png", "b/0.png", "b/1.png", "b/2.png"}, pruned: 1, refuse: []string{"b 3 of 10"}, left: 25},
		{name: "a root is missing", lose: []string{"a/0.png", "b"}, pruned: 1, refuse: []string{"b missing 10 of 10"}, left: 25},
		{name: "forced", lose: []string{"a/0.png", "b"}, how: index.Forced, pruned: 11, left: 15},
		{name: "only below a path", lose: []string{"a/0.png", "b/0.png"}, paths: []string{"b"}, pruned: 1, left: 25},
		{name: "below two paths", lose: []string{"a/0.png", "b/0.png", "c/0.png"}, paths: []string{"b", "a", "a/sub"}, pruned: 2, left: 24},
		{name: "a path that is missing", lose: []string{"b"}, paths: []string{"b"}, refuse: []string{"b missing 10 of 10"}, left: 26},
		{name: "a path without records", paths: []string{"nothing"}, left: 26},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			for root, n := range map[string]int{"a": 10, "a/sub": 5, "b": 10, "c": 1} {
				for i := range n {
					w.picture(fmt.Sprintf("%s/%d.png", root, i), len(root)*100+i)
				}
			}
			for _, root := range []string{"a/sub", "a", "b", "c"} { // so that a/sub is a root of its own
				w.run(w.path(root))
			}
			for _, name := range c.lose {
				if err := os.RemoveAll(w.path(name)); err != nil {
					t.Fatal(err)
				}
			}
			var paths []string
			for _, p := range c.paths {
				paths = append(paths, w.path(p))
			}
			st := &scanCounter{Store: w.store}
			pruned, refusals, err := index.Prune(t.Context(), st, paths, c.how)
			if err != nil || pruned.Records != c.pruned || st.scans != 1 {
				t.Errorf("%d pruned in %d scans, %v; want %d", pruned.Records, st.scans, err, c.pruned)
			}
			var refused []string
			for _, r := range refusals {
				name, err := filepath.Rel(w.photos, r.Root)
				if err != nil {
					t.Fatal(err)
				}
				if r.Missing {
					name += " missing"
				}
				refused = append(refused, fmt.Sprintf("%s %d of %d", name, r.Vanished, r.Records))
			}
			if diff := cmp.Diff(c.refuse, refused); diff != "" {
				t.Errorf("refusals (-want +got):\n%s", diff)
			}
			if n := len(w.names()); n != c.left {
				t.Errorf("%d records are left, want %d", n, c.left)
			}
		})
	}
}

// A run over several roots scans once to prune, and not at all where nothing is gone.
func TestRunScansOnce(t *testing.T) {
	w := newWorld(t)
	for i := range 20 {
		w.picture(fmt.Sprintf("%c/%d.png", 'a'+i%2, i), i)
	}
	roots := []string{w.path("a"), w.path("b")}
	w.run(roots...)
	plain := w.store
	for want := range 2 {
		counter := &scanCounter{Store: plain}
		w.store = counter
		if r := w.run(roots...); r.Pruned != int64(2*want) || counter.scans != want {
			t.Errorf("%d pruned in %d scans, want %d in %d", r.Pruned, counter.scans, 2*want, want)
		}
		for _, name := range []string{"a/0.png", "b/1.png"} {
			if err := os.Remove(w.path(name)); err != nil && want == 0 {
				t.Fatal(err)
			}
		}
	}
}

func TestRoots(t *testing.T) {
	w := newWorld(t)
	w.picture("a/1.png", 1)
	w.picture("a/2.png", 2)
	w.write("b/bad.png", []byte("not a picture"))
	w.run(w.path("a"))
	w.run(w.path("b"))
	got, err := index.Roots(t.Context(), w.store)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{w.path("a"), w.path("b")}, got); diff != "" {
		t.Errorf("a root with pictures and one with a failure (-want +got):\n%s", diff)
	}
	if err := index.CheckAllRoots(got); err != nil {
		t.Error(err)
	}
	if err := os.RemoveAll(w.path("b")); err != nil {
		t.Fatal(err)
	}
	if err := index.CheckAllRoots(got); err == nil {
		t.Error("a root that is gone is no error")
	}
}
