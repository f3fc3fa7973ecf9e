package query_test

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
)

// Open an index and search it. The model is a fake one that knows colours; a program
// gets both from package app, which reads the settings.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "photos")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	paint(filepath.Join(dir, "rose.png"), color.NRGBA{220, 20, 20, 255})
	paint(filepath.Join(dir, "lawn.png"), color.NRGBA{20, 180, 20, 255})
	model := cliptest.New(32)

	st, err := local.Open(ctx, local.Options{
		Dir: filepath.Join(dir, "db"), Collection: "default", Mode: store.Create,
		Model: store.Model{Fingerprint: model.Spec().Fingerprint, Name: model.Spec().Name, Dim: model.Spec().Dim},
	})
	if err != nil {
		panic(err)
	}
	defer st.Close()
	indexer := index.New(st, model, index.Options{}, nil, slog.New(slog.DiscardHandler))
	if _, err := indexer.Run(ctx, []string{dir}); err != nil {
		panic(err)
	}

	service := query.New(st, model, "default", imaging.Limits{})
	answer, err := service.Ask(ctx, query.Text("a red flower"), query.Params{K: 1, MinScore: -1})
	if err != nil {
		panic(err)
	}
	fmt.Println(filepath.Base(answer.Hits[0].Path))

	filter, err := query.Filters{Under: []string{dir}, Formats: []string{"png"}}.Compile()
	if err != nil {
		panic(err)
	}
	answer, err = service.Ask(ctx, query.PictureLike(filepath.Join(dir, "rose.png")), query.Params{K: 5, MinScore: -1, Filter: filter})
	if err != nil {
		panic(err)
	}
	for _, h := range answer.Hits {
		fmt.Println("like the rose:", filepath.Base(h.Path))
	}
	// Output:
	// rose.png
	// like the rose: lawn.png
}

// paint writes a picture of one colour.
func paint(path string, c color.NRGBA) {
	img := image.NewNRGBA(image.Rect(0, 0, 40, 30))
	for i := range 40 * 30 {
		img.SetNRGBA(i%40, i/40, c)
	}
	f, err := os.Create(path)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		panic(err)
	}
}
