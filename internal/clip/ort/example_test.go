package ort_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/ort"
)

// Embed a text with the starter model and the ONNX Runtime library that the set-up put
// beside the programs.
func ExampleNewEncoder() {
	ctx := context.Background()
	b, err := clip.OpenBundle("../../../models/starter", clip.BundleOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fingerprint, err := b.Fingerprint(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	library, err := ort.FindLibrary(os.Getenv("SIGHTLINE_ONNXRUNTIME_LIB"), "../../../bin/search")
	if err != nil {
		log.Fatal(err)
	}
	e, err := ort.NewEncoder(b, fingerprint, library, ort.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer e.Close()
	texts, err := e.EncodeTexts(ctx, []string{"a dog on a beach"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(texts.Rows, "text,", texts.Cols, "dimensions")
	// Output: 1 text, 384 dimensions
}
