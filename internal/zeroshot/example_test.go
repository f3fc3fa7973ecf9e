package zeroshot_test

import (
	"context"
	"fmt"
	"log"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Label one picture. Its embedding is that of a text here, since the model is a fake.
func ExampleClassifier_Best() {
	ctx := context.Background()
	enc := cliptest.New(32)
	list, err := label.Parse("red,green,blue")
	if err != nil {
		log.Fatal(err)
	}
	c, err := zeroshot.Prepare(ctx, enc, list, zeroshot.Options{})
	if err != nil {
		log.Fatal(err)
	}
	picture, err := enc.EncodeTexts(ctx, []string{"a green leaf"})
	if err != nil {
		log.Fatal(err)
	}
	best, err := c.Best(ctx, picture, 2, zeroshot.DefaultMinProbability)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range best[0] {
		fmt.Printf("%s %.2f\n", list.Labels[s.Label].Name, s.Probability)
	}
	// Output: green 1.00
}
