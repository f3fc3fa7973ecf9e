package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

// searcher is exact, or says that it is not and has no other way.
type searcher struct {
	store.Store
	exact bool
}

func (s searcher) Capabilities() store.Capabilities { return store.Capabilities{Exact: s.exact} }
func (searcher) Search(context.Context, store.Query) ([][]store.Hit, error) {
	return [][]store.Hit{{}}, nil
}

// both searches approximately, and exactly where it is asked to.
type both struct{ searcher }

func (both) SearchExact(context.Context, store.Query) ([][]store.Hit, error) {
	return [][]store.Hit{{}, {}}, nil
}

// counting wraps a store.
type counting struct{ store.Store }

func (c counting) Unwrap() store.Store { return c.Store }

func TestAs(t *testing.T) {
	if _, ok := store.As[store.ExactSearcher](counting{counting{both{}}}); !ok {
		t.Error("not found through wrappers")
	}
	for name, st := range map[string]store.Store{"nil": nil, "a wrapper of nil": counting{}, "a store that cannot": counting{searcher{}}} {
		if _, ok := store.As[store.ExactSearcher](st); ok {
			t.Errorf("found in %s", name)
		}
	}
}

func TestSearchExact(t *testing.T) {
	for name, st := range map[string]store.Store{"exact": searcher{exact: true}, "wrapped": counting{searcher{exact: true}}} {
		if got, err := store.SearchExact(t.Context(), st, store.Query{}); err != nil || len(got) != 1 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := store.SearchExact(t.Context(), counting{both{}}, store.Query{}); err != nil || len(got) != 2 {
		t.Errorf("a store with an exact search of its own: %v, %v", got, err)
	}
	if _, err := store.SearchExact(t.Context(), searcher{}, store.Query{}); !errors.Is(err, store.ErrNotExact) {
		t.Errorf("a store that is never exact: %v", err)
	}
}
