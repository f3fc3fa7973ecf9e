package storetest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/storetest"
)

// TestMemory lets the store of the example through the whole contract.
func TestMemory(t *testing.T) {
	var indexes memoryIndexes
	storetest.Run(t, func(_ context.Context, index string, m store.Model) (store.Store, error) {
		return indexes.open(index, store.Create, m)
	}, storetest.Opts{})
	if _, err := indexes.open("none", store.ReadOnly, store.Model{}); !errors.Is(err, store.ErrNoIndex) {
		t.Errorf("an index that is not there: %v", err)
	}
}
