package milvus

import (
	"context"
	"errors"
	"fmt"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
)

// scalarIndex is an index of a field that expressions look at: without one the server
// reads the whole column each time. Servers know different types of such indexes, and some
// none, which costs time and nothing else.
type scalarIndex struct {
	field string
	kinds []string // the first that the server takes
}

// The types of scalar indexes.
const (
	inverted = "INVERTED"
	trie     = "Trie"
	sorted   = "STL_SORT"
)

// scalarIndexes are those of a collection of records. From Milvus 2.4 on all fields can
// have an inverted index; before, texts have a trie and numbers a sorted list, and arrays
// have none.
var scalarIndexes = []scalarIndex{
	{fieldHash, []string{inverted, trie}},
	{fieldPath, []string{inverted}}, // ranges took a trie 900 ms of 300,000, and no index 10
	{fieldFormat, []string{inverted, trie}},
	{fieldShown, []string{inverted, sorted}},
	{fieldTags, []string{inverted}},
}

// createScalarIndex makes an index unless there is one. made is the type of the new one,
// "" where there was one or the server knows none of the types.
func (s *Store) createScalarIndex(ctx context.Context, collection string, x scalarIndex) (made string, err error) {
	if have, err := s.client.DescribeIndex(ctx, collection, x.field); err == nil && len(have) > 0 {
		return "", nil
	}
	for _, kind := range x.kinds {
		if err = s.client.CreateIndex(ctx, collection, x.field, service.Index{Name: x.field, Type: kind}); err == nil {
			return kind, nil
		}
		var said *service.Error
		if !errors.As(err, &said) || transient(err) {
			return "", fmt.Errorf("indexing field %s: %w", x.field, err)
		}
	}
	s.log.InfoContext(ctx, "the server cannot index a field: looking for its values will be slower",
		"collection", collection, "field", x.field, "error", err)
	return "", nil
}

// Upgrade implements store.Upgrader: it makes the scalar indexes that collections of
// earlier versions lack. The server builds them in the background.
func (s *Store) Upgrade(ctx context.Context, told func(string)) error {
	if err := s.beginChange(ctx); err != nil {
		return err
	}
	for _, x := range scalarIndexes {
		made, err := s.createScalarIndex(ctx, s.physical, x)
		if err != nil {
			return fmt.Errorf("collection %s: %w", s.physical, err)
		}
		if made != "" {
			told(fmt.Sprintf("field %s of collection %s has an index now (%s); the server builds it in the background", x.field, s.physical, made))
		}
	}
	return nil
}

var _ store.Upgrader = (*Store)(nil)
