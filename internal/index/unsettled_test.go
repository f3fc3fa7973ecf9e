package index_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sightline/sightline/internal/walk"
)

// A file that is being written is left as the index has it, and nothing that has vanished
// is removed meanwhile: it may be on its way there.
func TestUnsettled(t *testing.T) {
	w := newWorld(t)
	for i, name := range []string{"a.png", "b.png", "c.png", "d.png", "e.png", "f.png"} {
		w.picture(name, i)
	}
	w.run()
	w.picture("a.png", 100)
	w.picture("new.png", 101)
	if err := os.Remove(w.path("b.png")); err != nil {
		t.Fatal(err)
	}
	busy := true
	w.options.Unsettled = func(e walk.Entry) bool {
		name := filepath.Base(e.Path)
		return busy && (name == "a.png" || name == "new.png")
	}
	r := w.run()
	w.want(r, counts{Seen: 4, Unchanged: 4})
	if r.Left != 2 || !slices.Contains(w.names(), "b.png") || slices.Contains(w.names(), "new.png") {
		t.Errorf("left %d; the index has %v", r.Left, w.names())
	}
	busy = false
	r = w.run()
	w.want(r, counts{Seen: 6, Added: 1, Updated: 1, Unchanged: 4, Pruned: 1, Embedded: 2})
	if r.Left != 0 || slices.Contains(w.names(), "b.png") {
		t.Errorf("left %d; the index has %v", r.Left, w.names())
	}
}
