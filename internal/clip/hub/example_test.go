package hub_test

import (
	"context"
	"fmt"
	"log"
	"os"

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

// Fetch a model. What is here already is not fetched again. The hub of this example is a
// fake; without an endpoint the client goes to the public one.
func ExampleClient_Fetch() {
	endpoint, stop := hub.StartFakeHub()
	defer stop()
	models, err := os.MkdirTemp("", "models")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(models)

	client, err := hub.New(hub.Options{Endpoint: endpoint})
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		b, err := client.Fetch(context.Background(), hub.FetchRequest{Repo: "acme/clip-tiny", Precision: "fp32", Dir: models})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s in %s: %d files, %d bytes fetched\n", b.Name, b.Precision, len(b.Manifest.Files), b.Received)
	}
	// Output:
	// acme/clip-tiny in fp32: 6 files, 540037 bytes fetched
	// acme/clip-tiny in fp32: 6 files, 0 bytes fetched
}
