package clip_test

import (
	"context"
	"fmt"
	"log"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/vec"
)

// Open a bundle and see what its files say about the model. No weights are loaded.
func ExampleOpenBundle() {
	b, err := clip.OpenBundle("../../models/starter", clip.BundleOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fingerprint, err := b.Fingerprint(context.Background(), nil)
	if err != nil {
		log.Fatal(err)
	}
	s := b.Spec(fingerprint, b.Dim)
	fmt.Printf("%s, %s: embeddings of %d values\n", s.Name, s.Precision, s.Dim)
	fmt.Printf("pictures: %s to %v, %s\n", s.Preprocess.Fit, s.Preprocess.Crop, s.Preprocess.Filter)
	fmt.Printf("texts: up to %d tokens\n", s.Context)
	// Output:
	// starter, int8: embeddings of 384 values
	// pictures: squash to {224 224}, bicubic
	// texts: up to 77 tokens
}

// Prepare pictures into the slots of a batch, and embed them. The encoder here is a fake
// that goes by colours; package clip/ort has the real one.
func ExampleEncoder() {
	var e clip.Encoder = cliptest.New(8)
	defer e.Close()

	p := e.Spec().Preprocess
	batch := clip.NewBatch(1, p)
	red := &imaging.RGB{Width: 40, Height: 30, Pix: make([]byte, 3*40*30)}
	for i := 0; i < len(red.Pix); i += 3 {
		red.Pix[i] = 255
	}
	if err := clip.NewPreparer(p).Into(red, batch.Slot(0)); err != nil {
		log.Fatal(err)
	}
	batch.SetLen(1)

	ctx := context.Background()
	pictures, err := e.EncodeImages(ctx, batch)
	if err != nil {
		log.Fatal(err)
	}
	texts, err := e.EncodeTexts(ctx, []string{"something red", "something blue"})
	if err != nil {
		log.Fatal(err)
	}
	for i, cosine := range []float32{vec.Dot(pictures.Row(0), texts.Row(0)), vec.Dot(pictures.Row(0), texts.Row(1))} {
		fmt.Printf("text %d is near the picture: %t\n", i, cosine > 0.5)
	}
	// Output:
	// text 0 is near the picture: true
	// text 1 is near the picture: false
}
