package label_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/sightline/sightline/internal/label"
)

// Read a list of labels, with a parent and words for the same thing.
func ExampleRead() {
	l, err := label.Read(strings.NewReader(`
- name: Golden Retriever
  aliases: [retriever]
  parent: dog
- name: dog
- beach
`), "labels.yaml", label.YAML)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.Names())
	fmt.Println(l.Ancestors()[0])
	// Output:
	// [Golden Retriever dog beach]
	// [dog]
}

// See what is wrong with a list before it is used.
func ExampleInspect() {
	in, err := label.Inspect("Beach,dog,BEACH")
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range in.Findings {
		fmt.Printf("%s: %s and %s\n", f.Problem, f.Label, f.Other)
	}
	// Output: duplicate: BEACH and Beach
}
