package index_test

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/walk"
)

// Index a folder, and bring the index up to date after a change. A file that is no
// picture is data, not an error.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "index")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	photos := filepath.Join(dir, "photos")
	write(filepath.Join(photos, "1.png"), 10)
	write(filepath.Join(photos, "2.png"), 20)
	if err := os.WriteFile(filepath.Join(photos, "bad.png"), []byte("no picture"), 0o644); err != nil {
		panic(err)
	}

	model := cliptest.New(32) // stands in for CLIP
	st, err := local.Open(ctx, local.Options{
		Dir: filepath.Join(dir, "db"), Collection: "default", Mode: store.Create,
		Model: store.Model{Fingerprint: model.Spec().Fingerprint, Name: model.Spec().Name, Dim: model.Spec().Dim},
	})
	if err != nil {
		panic(err)
	}
	defer st.Close()
	options := index.Options{Walk: walk.Options{KnownExtension: imaging.KnownExtension}, Pruning: index.Forced}
	indexer := index.New(st, model, options, nil, slog.New(slog.DiscardHandler))

	report, err := indexer.Run(ctx, []string{photos})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d added, %d failed\n", report.Added, report.Failed)

	write(filepath.Join(photos, "2.png"), 30)
	if err := os.Remove(filepath.Join(photos, "1.png")); err != nil {
		panic(err)
	}
	if report, err = indexer.Run(ctx, []string{photos}); err != nil {
		panic(err)
	}
	fmt.Printf("%d updated, %d pruned, %d failed before\n", report.Updated, report.Pruned, report.FailedBefore)

	status, err := index.ReadStatus(ctx, st, index.AllFailures)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d pictures; %s failed\n", status.Records, filepath.Base(status.Listed[0].Path))
	// Output:
	// 2 added, 1 failed
	// 1 updated, 1 pruned, 1 failed before
	// 1 pictures; bad.png failed
}

// write writes a picture of a size, and so of a content, of its own.
func write(path string, side int) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		panic(err)
	}
	f, err := os.Create(path)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if err := png.Encode(f, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
		panic(err)
	}
}
