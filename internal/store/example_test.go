package store_test

import (
	"fmt"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// A filter is a tree of values. Match says what it means; stores compile it into their
// own languages.
func ExampleMatch() {
	filter := store.And{
		store.Under("/photos/2024"),
		store.Or{store.HasTag("dog"), store.HasTag("cat")},
		store.Not{Part: store.FormatIs("png")},
		store.Since(time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)),
	}
	for _, r := range []store.Record{
		{Path: "/photos/2024/a.jpg", Format: "jpeg", TakenAt: time.Date(2024, 7, 1, 0, 0, 0, 0, time.UTC), Tags: []store.Tag{{Label: "Dog"}}},
		{Path: "/photos/2024/b.png", Format: "png", TakenAt: time.Date(2024, 7, 1, 0, 0, 0, 0, time.UTC), Tags: []store.Tag{{Label: "dog"}}},
		{Path: "/photos/2024b/c.jpg", Format: "jpeg", TakenAt: time.Date(2024, 7, 1, 0, 0, 0, 0, time.UTC), Tags: []store.Tag{{Label: "dog"}}},
	} {
		fmt.Println(r.Path, store.Match(filter, &r))
	}
	// Output:
	// /photos/2024/a.jpg true
	// /photos/2024/b.png false
	// /photos/2024b/c.jpg false
}

// What a store can do besides is asked for with As, which looks through wrappers.
func ExampleAs() {
	var st store.Store = counting{both{}} // a store that wraps another
	if exact, ok := store.As[store.ExactSearcher](st); ok {
		fmt.Printf("found in %T\n", exact)
	}
	_, ok := store.As[store.Verifier](st)
	fmt.Println("can verify itself:", ok)
	// Output:
	// found in store_test.both
	// can verify itself: false
}
