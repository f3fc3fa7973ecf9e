package store

import (
	"context"
	"time"
)

// Promoter is an optional interface of stores that can build an index with another
// model beside the one in use. A store that was opened for that is not what searches
// find under the collection's name until Promote.
type Promoter interface {
	// Promote makes this index the one in use, in one step: a search finds either the
	// old one or the new one. The old one stays until it is dropped. Promoting what is
	// in use already does nothing.
	Promote(ctx context.Context) error
}

// Generation is one of the indexes that a collection has, one a model.
type Generation struct {
	Name    string // what the store calls it: a collection on a server, a folder
	Model   Model
	Records int64
	Updated time.Time
	Current bool // the one in use
}

// Keeper is an optional interface of stores that keep the indexes of earlier models.
type Keeper interface {
	// Generations lists the indexes of the collection, the one in use first.
	Generations(ctx context.Context) ([]Generation, error)
	// Drop removes one by its name. The one in use is refused.
	Drop(ctx context.Context, name string) error
}

// Tunable is an optional interface of stores that search approximately, with one
// parameter that buys recall with time.
type Tunable interface {
	// Efforts names the parameter of the index that is there ("ef", "nprobe") and lists
	// values worth trying for k hits, cheapest first. There are none where the index is
	// exact or has nothing to set.
	Efforts(k int) (parameter string, values []int)
	// SearchAt searches with a value of the parameter in place of the one in effect.
	SearchAt(ctx context.Context, q Query, value int) ([][]Hit, error)
	// SetEffort keeps a value with the index, for later searches of any k by anybody
	// whose settings name none; recall is what it was measured to reach. 0 forgets it.
	SetEffort(ctx context.Context, value int, recall float64) error
}

// ExactSearcher is an optional interface of stores that search approximately: it
// answers the same questions without misses, more slowly.
type ExactSearcher interface {
	SearchExact(ctx context.Context, q Query) ([][]Hit, error)
}
