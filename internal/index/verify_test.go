package index_test

import (
	"context"
	"errors"
	"testing"

	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
)

// plain is a store without any optional interface.
type plain struct{ store.Store }

// damaged is a store that finds so many problems with itself.
type damaged struct {
	store.Store
	problems []string
	err      error
}

func (d damaged) Verify(_ context.Context, found func(string)) error {
	for _, p := range d.problems {
		found(p)
	}
	return d.err
}

func TestVerify(t *testing.T) {
	broken := errors.New("broken")
	w := newWorld(t)
	for _, c := range []struct {
		name  string
		st    store.Store
		found int
		err   error
	}{
		{"sound", w.store, 0, nil},
		{"damaged", damaged{problems: []string{"a", "b"}}, 2, store.ErrDamaged},
		{"the check fails", damaged{problems: []string{"a"}, err: broken}, 1, broken},
		{"no check", plain{w.store}, 0, index.ErrCannotVerify},
	} {
		found := 0
		err := index.Verify(t.Context(), c.st, func(string) { found++ })
		if found != c.found || !errors.Is(err, c.err) {
			t.Errorf("%s: %d problems, %v", c.name, found, err)
		}
	}
	if _, err := index.OldModels(t.Context(), plain{w.store}); !errors.Is(err, index.ErrNoOldModels) {
		t.Errorf("old models of a store that keeps none: %v", err)
	}
	if _, err := index.DropOldModels(t.Context(), plain{w.store}, nil); !errors.Is(err, index.ErrNoOldModels) {
		t.Errorf("dropping old models of a store that keeps none: %v", err)
	}
}
