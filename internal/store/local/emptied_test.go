package local

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

// A catalogue that a disk has emptied is damage, and no index that is still to be made: its
// vectors and documents stay, and removing the collection is what starts again.
func TestEmptiedCatalogue(t *testing.T) {
	dir := flipIndex(t, 20)
	base := filepath.Join(dir, "c")
	for _, suffix := range append([]string{""}, sqliteSuffixes...) {
		path := filepath.Join(base, catalogueName+suffix)
		if err := os.Truncate(path, 0); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	vectors, err := os.ReadFile(filepath.Join(base, "vectors-000001.f32"))
	if err != nil {
		t.Fatal(err)
	}
	o := testOptions(dir)
	for _, mode := range []store.Mode{store.ReadOnly, store.ReadWrite, store.Create} {
		o.Mode = mode
		if s, err := Open(t.Context(), o); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("%v: %v", mode, err)
			if err == nil {
				s.Close()
			}
		}
	}
	if after, err := os.ReadFile(filepath.Join(base, "vectors-000001.f32")); err != nil || string(after) != string(vectors) {
		t.Errorf("the vectors were touched: %v", err)
	}
	if err := OpenCollections(dir, nil).DropCollection(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	o.Mode = store.Create
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatalf("after the collection was removed: %v", err)
	}
	s.Close()
}
