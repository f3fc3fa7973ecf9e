// Package orttest opens the starter model for tests that measure with it.
package orttest

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/ort"
	"github.com/sightline/sightline/internal/imaging"
)

// OpenStarter opens the starter model of the clone at root, which is relative to the
// package under test, with the ONNX Runtime that make setup put there. The test is skipped
// where there is none. The encoder is closed when the test ends.
func OpenStarter(t testing.TB, root string) clip.Encoder {
	t.Helper()
	library := filepath.Join(root, "lib", ort.LibraryName())
	if _, err := os.Stat(library); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not there: make setup fetches it", library)
	}
	b, err := clip.OpenBundle(filepath.Join(root, "models", "starter"), clip.BundleOptions{Name: "starter", Pixels: imaging.Fast})
	if err != nil {
		t.Fatal(err)
	}
	fingerprint, err := b.Fingerprint(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	enc, err := ort.NewEncoder(b, fingerprint, library, ort.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { enc.Close() })
	return enc
}
