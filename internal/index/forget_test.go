package index_test

import (
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/index"
)

func TestForget(t *testing.T) {
	w := newWorld(t)
	w.picture("a/1.png", 1)
	w.picture("a/b/2.png", 2)
	w.picture("ab/3.png", 3)
	w.write("a/bad.png", []byte("bad"))
	w.run()
	for _, paths := range [][]string{{w.path("none")}, {w.path("a"), w.path("none")}} {
		if _, err := index.FindBelow(t.Context(), w.store, paths); !errors.Is(err, index.ErrNothingThere) {
			t.Errorf("%q: %v", paths, err)
		}
	}
	found, err := index.FindBelow(t.Context(), w.store, []string{w.path("a"), w.path("a/b"), w.path("a/bad.png")})
	if err != nil || len(found.Records) != 2 || len(found.Failures) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	if err := index.Forget(t.Context(), w.store, found); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ab/3.png"}, w.names()); diff != "" || len(w.failures()) != 0 {
		t.Errorf("failures %v, names (-want +got):\n%s", w.failures(), diff)
	}
	for _, name := range []string{"a/1.png", "a/b/2.png", "a/bad.png"} {
		if _, err := os.Stat(w.path(name)); err != nil {
			t.Error(err)
		}
	}
	w.want(w.run(), counts{Seen: 4, Added: 2, Unchanged: 1, Failed: 1, Embedded: 2})
}
