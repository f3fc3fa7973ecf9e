package tokenizer_test

import (
	"fmt"
	"log"

	"github.com/sightline/sightline/internal/clip/tokenizer"
)

// The ids of a text for the starter model, whose context is 77 tokens.
func ExampleLoad() {
	tok, err := tokenizer.Load("../../../models/starter/tokenizer.json")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tok.Encode("A photo of a cat", 77))
	fmt.Println(tok.Encode("A photo of a cat", 4)) // cut, the special tokens are kept
	// Output:
	// [101 1037 6302 1997 1037 4937 102]
	// [101 1037 6302 102]
}
