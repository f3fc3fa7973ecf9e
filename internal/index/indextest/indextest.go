// Package indextest indexes the demo photos for tests that measure with them.
package indextest

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/walk"
)

// DemoPhotos is how many photos make photos fetches.
const DemoPhotos = 333

// Demo indexes the demo photos of the clone at root, which is relative to the package
// under test, into a collection called "c". The store is closed when the test ends.
func Demo(tb testing.TB, enc clip.Encoder, root string) store.Store {
	tb.Helper()
	spec := enc.Spec()
	st, err := local.Open(tb.Context(), local.Options{
		Dir: tb.TempDir(), Collection: "c", Mode: store.Create,
		Model: store.Model{Fingerprint: spec.Fingerprint, Name: spec.Name, Dim: spec.Dim},
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { st.Close() })
	photos, err := filepath.EvalSymlinks(filepath.Join(root, "demo", "photos"))
	if err != nil {
		tb.Fatal(err)
	}
	o := index.Options{Collection: "c", Walk: walk.Options{KnownExtension: imaging.KnownExtension}}
	report, err := index.New(st, enc, o, nil, slog.New(slog.DiscardHandler)).Run(tb.Context(), []string{photos})
	if err != nil || report.Added != DemoPhotos {
		tb.Fatalf("%+v, %v", report, err)
	}
	return st
}
