package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Collection is an index as a list of those in a store shows it.
type Collection struct {
	Name    string
	Model   Model // of the index in use
	Records int64
	Updated time.Time
}

// CollectionKeeper looks after the collections of a store as wholes. It is opened without
// any of them, and must be closed.
type CollectionKeeper interface {
	// Collections lists them by name.
	Collections(ctx context.Context) ([]Collection, error)
	// DropCollection removes a collection with the indexes of all of its models. One that
	// is not there gives ErrNoIndex.
	DropCollection(ctx context.Context, name string) error
	// RenameCollection gives a collection another name. The ids of its records stay: see
	// IDSpace. A name that is taken, or that CheckOpen refuses, is an error.
	RenameCollection(ctx context.Context, from, to string) error
	Close() error
}

// ErrExists says that there is a collection of a name already.
var ErrExists = errors.New("there is a collection of this name already")

// reservedNames are those of our own folders beside the collections of a local store.
var reservedNames = []string{"cache", "models", "runs"}

// CheckNewCollection reports what no collection can be called: what CheckOpen refuses, and
// the names of folders of ours.
func CheckNewCollection(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if slices.Contains(reservedNames, strings.ToLower(name)) {
		return fmt.Errorf("collection name %q: %s are names of folders that the program has there", name, strings.Join(reservedNames, ", "))
	}
	return nil
}

// IDSpacer is an optional interface of stores whose collections can be renamed.
type IDSpacer interface {
	// IDSpace is the name that a collection had when it was made, which its ids are made
	// with for good.
	IDSpace() string
}

// IDSpace returns what ID takes as the collection for the records of a store that was
// opened under a collection's name.
func IDSpace(st Store, collection string) string {
	if s, ok := As[IDSpacer](st); ok {
		return s.IDSpace()
	}
	return collection
}
