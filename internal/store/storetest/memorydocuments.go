package storetest

import (
	"context"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/store"
)

// Documents is store.Documents in memory, by name, for tests of what keeps documents with
// an index. It is not safe for concurrent use.
type Documents map[string][]byte

var _ store.Documents = Documents(nil)

// PutDocument implements store.Documents.
func (d Documents) PutDocument(_ context.Context, name string, data []byte) error {
	if err := store.CheckDocument(name, data); err != nil {
		return err
	}
	d[name] = data
	return nil
}

// Document implements store.Documents.
func (d Documents) Document(_ context.Context, name string) ([]byte, error) {
	if data, ok := d[name]; ok {
		return data, nil
	}
	return nil, store.ErrNotFound
}

// DeleteDocument implements store.Documents.
func (d Documents) DeleteDocument(_ context.Context, name string) error {
	delete(d, name)
	return nil
}

// DocumentNames implements store.Documents.
func (d Documents) DocumentNames(_ context.Context, prefix string) ([]string, error) {
	var names []string
	for name := range d {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}
