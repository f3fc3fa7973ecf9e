package local_test

import (
	"context"
	"fmt"
	"os"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/vec"
)

// An index is made for a model, filled, and searched by another opening of it. Vectors
// come from the model; here they are made up.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	model := store.Model{Fingerprint: "f00d", Name: "toy", Precision: "fp32", Pixels: "fast", Dim: 3}
	writer, err := local.Open(ctx, local.Options{Dir: dir, Collection: "photos", Mode: store.Create, Model: model})
	if err != nil {
		fmt.Println(err)
		return
	}
	record := func(path string, vector ...float32) store.Record {
		return store.Record{ID: store.ID("photos", path), Path: path, Format: "jpeg", Vector: vector}
	}
	dog := record("/photos/dog.jpg", 1, 0, 0)
	dog.Tags = []store.Tag{{Label: "Dog", Source: "user"}}
	if err := writer.Upsert(ctx, []store.Record{dog, record("/photos/cat.jpg", 0, 1, 0), record("/old/wolf.jpg", 0.96, 0, 0.28)}); err != nil {
		fmt.Println(err)
		return
	}
	if err := writer.Close(); err != nil {
		fmt.Println(err)
		return
	}

	index, err := local.Open(ctx, local.Options{Dir: dir, Collection: "photos"}) // of whatever model
	if err != nil {
		fmt.Println(err)
		return
	}
	defer index.Close()
	query := vec.Matrix{Data: []float32{1, 0, 0}, Rows: 1, Cols: index.Model().Dim}
	for _, filter := range []store.Filter{nil, store.Under("/photos"), store.HasTag("dog")} {
		hits, err := index.Search(ctx, store.Query{Vectors: query, K: 2, MinScore: 0.5, Filter: filter})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%T:", filter)
		for _, h := range hits[0] {
			fmt.Printf(" %s %.2f", h.Path, h.Score)
		}
		fmt.Println()
	}
	// Output:
	// <nil>: /photos/dog.jpg 1.00 /old/wolf.jpg 0.96
	// store.Under: /photos/dog.jpg 1.00
	// store.HasTag: /photos/dog.jpg 1.00
}
