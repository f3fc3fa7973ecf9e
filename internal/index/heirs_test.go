package index_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/index"
)

// What a person said of a picture goes to a copy that stays, when the picture goes.
func TestTagsPassToACopy(t *testing.T) {
	setup := func(t *testing.T) *world {
		w := newWorld(t)
		for i := range 30 {
			w.picture(fmt.Sprintf("other/%02d.png", i), 100+i)
		}
		w.picture("a/1.png", 1)
		w.picture("b/1.png", 1)
		w.picture("b/2.png", 1)
		w.picture("a/alone.png", 2)
		w.run()
		w.tag("a/1.png")
		w.tag("a/alone.png")
		return w
	}
	remove := func(w *world, names ...string) {
		for _, name := range names {
			if err := os.Remove(w.path(name)); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	handed := []string{"user a/1.png"}
	t.Run("in a run", func(t *testing.T) {
		w := setup(t)
		remove(w, "a/1.png", "a/alone.png")
		r := w.run()
		w.want(r, counts{Seen: 32, Unchanged: 32, Pruned: 2})
		if diff := cmp.Diff(map[string][]string{"b/1.png": handed}, w.tags()); diff != "" || r.Inherited != 1 {
			t.Errorf("%d inherited; tags (-want +got):\n%s", r.Inherited, diff)
		}
	})
	t.Run("by pruning", func(t *testing.T) {
		w := setup(t)
		remove(w, "a/1.png", "b/1.png") // of the two that are left, one goes as well
		pruned, _, err := index.Prune(t.Context(), w.store, nil, index.Guarded)
		if err != nil || pruned != (index.Pruned{Records: 2, Inherited: 1}) {
			t.Errorf("%+v, %v", pruned, err)
		}
		if got := w.tags()["b/2.png"]; !slices.Equal(got, handed) {
			t.Errorf("tags %v", w.tags())
		}
	})
	t.Run("not where the copy has tags of its own", func(t *testing.T) {
		w := setup(t)
		w.tag("b/1.png")
		w.tag("b/2.png")
		remove(w, "a/1.png")
		if r := w.run(); r.Pruned != 1 || r.Inherited != 0 {
			t.Errorf("%+v", r)
		}
		if got := w.tags()["b/1.png"]; !slices.Equal(got, []string{"run:1 b/1.png", "user b/1.png"}) {
			t.Errorf("tags %v", w.tags())
		}
	})
	t.Run("not where pruning is refused or off", func(t *testing.T) {
		w := setup(t)
		w.options.Pruning = index.Never
		remove(w, "a/1.png")
		if r := w.run(); r.Pruned != 0 || r.Inherited != 0 || len(w.tags()["a/1.png"]) != 2 || len(w.tags()["b/1.png"]) != 0 {
			t.Errorf("%+v, tags %v", r, w.tags())
		}
	})
}
