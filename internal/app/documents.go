package app

import (
	"errors"

	"github.com/sightline/sightline/internal/store"
)

// Documents returns the documents that belong to an index: what was corrected, for one.
func Documents(st store.Store) (store.Documents, error) {
	docs, ok := store.As[store.Documents](st)
	if !ok {
		return nil, errors.New("this kind of store keeps no documents with an index, and so no corrections")
	}
	return docs, nil
}
