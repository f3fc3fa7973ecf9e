package transfer_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/transfer"
)

// Copy an index into another store. A second copy sends only what differs.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "transfer")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	open := func(name string) store.Store {
		st, err := local.Open(ctx, local.Options{
			Dir: filepath.Join(dir, name), Collection: "default", Mode: store.Create,
			Model: store.Model{Fingerprint: "a model", Dim: 2},
		})
		if err != nil {
			panic(err)
		}
		return st
	}
	from, to := open("from"), open("to")
	defer from.Close()
	defer to.Close()
	add := func(paths ...string) {
		var records []store.Record
		for _, p := range paths {
			records = append(records, store.Record{
				ID: store.ID("default", p), Path: p, Root: "/photos", ContentHash: make([]byte, 32), Vector: []float32{0.6, 0.8},
			})
		}
		if err := from.Upsert(ctx, records); err != nil {
			panic(err)
		}
	}
	add("/photos/1.jpg", "/photos/2.jpg")
	for range 2 {
		r, err := transfer.Copy(ctx, from, to, transfer.Options{})
		if err != nil {
			panic(err)
		}
		fmt.Printf("%d pictures: %d copied, %d there already\n", r.Records, r.Copied, r.Unchanged)
		add("/photos/3.jpg")
	}
	// Output:
	// 2 pictures: 2 copied, 0 there already
	// 3 pictures: 1 copied, 2 there already
}
