package index

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

// keeper has indexes of earlier models, of which some are being written.
type keeper struct {
	store.Store
	locked  []string
	dropped []string
}

func (k *keeper) ModelIndexes(context.Context) ([]store.ModelIndex, error) { return nil, nil }

func (k *keeper) DropModelIndex(_ context.Context, name string) error {
	if slices.Contains(k.locked, name) {
		return store.ErrLocked
	}
	k.dropped = append(k.dropped, name)
	return nil
}

// One that is being written keeps none of the others.
func TestLockedIndexKeepsNoOther(t *testing.T) {
	k := &keeper{locked: []string{"a", "c"}}
	var old []store.ModelIndex
	for _, name := range []string{"a", "b", "c", "d"} {
		old = append(old, store.ModelIndex{Name: name})
	}
	dropped, err := DropOldModels(t.Context(), k, old)
	if !slices.Equal(k.dropped, []string{"b", "d"}) || len(dropped) != 2 {
		t.Errorf("dropped %v, told of %v", k.dropped, dropped)
	}
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), "index a ") || !strings.Contains(err.Error(), "index c ") {
		t.Errorf("error %v", err)
	}
	k.locked = nil
	if dropped, err := DropOldModels(t.Context(), k, dropped); len(dropped) != 2 || err != nil {
		t.Errorf("%v, %v", dropped, err)
	}
}
