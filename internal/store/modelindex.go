package store

import (
	"context"
	"time"
)

// ModelIndex is one of the indexes that a collection has: one per model that it was
// built with. One of them is current, which is the one that everybody searches.
type ModelIndex struct {
	Name    string // what the store calls it: a collection on a server, a folder
	Model   Model
	Records int64
	Updated time.Time
	Current bool
}

// Promoter is an optional interface of stores that can build an index with another
// model beside the current one. A store that was opened with Rebuild is not what
// searches find under the collection's name until Promote.
type Promoter interface {
	// Promote makes this index the current one, in one step: a search finds either the
	// old one or the new one. The old one stays until it is dropped. Promoting the
	// current one does nothing.
	Promote(ctx context.Context) error
}

// ModelIndexKeeper is an optional interface of stores that keep the indexes of earlier
// models.
type ModelIndexKeeper interface {
	// ModelIndexes lists the indexes of the collection, the current one first.
	ModelIndexes(ctx context.Context) ([]ModelIndex, error)
	// DropModelIndex removes one by its name. The current one is refused.
	DropModelIndex(ctx context.Context, name string) error
}
