package hub_test

import (
	"context"
	"fmt"
	"log"

	"github.com/sightline/sightline/internal/clip/hub"
)

// The bundles that are on this machine, and whether their files are sound. Neither
// touches the network.
func ExampleList() {
	found, err := hub.List("../../../models")
	if err != nil {
		log.Fatal(err)
	}
	for _, b := range found {
		if b.Name != "starter" {
			continue
		}
		problems, err := hub.Verify(context.Background(), b.Dir, nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s has %v, complete: %t, problems: %v\n", b.Name, b.Precisions, b.Complete, problems)
	}
	// Output:
	// starter has [int8], complete: true, problems: []
}

// Fetch a model of Known, or say what is wrong. What is here already is not fetched again.
func ExampleClient_Fetch() {
	client, err := hub.New(hub.Options{})
	if err != nil {
		log.Fatal(err)
	}
	b, err := client.Fetch(context.Background(), hub.FetchRequest{Repo: hub.DefaultModel, Precision: "quantized", Dir: "models"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(b.Dir, b.Received, "bytes fetched")
}
