package index

import (
	"context"
	"errors"

	"github.com/sightline/sightline/internal/store"
)

// ErrNoOldModels says that a store keeps no indexes of earlier models.
var ErrNoOldModels = errors.New("this kind of store keeps no indexes of earlier models")

// OldModels lists the indexes of earlier models, which a rebuild left behind. The one
// in use is not among them. The error is ErrNoOldModels where the store keeps none.
func OldModels(ctx context.Context, st store.Store) ([]store.ModelIndex, error) {
	keeper, ok := store.As[store.ModelIndexKeeper](st)
	if !ok {
		return nil, ErrNoOldModels
	}
	all, err := keeper.ModelIndexes(ctx)
	if err != nil {
		return nil, err
	}
	var old []store.ModelIndex
	for _, g := range all {
		if !g.Current {
			old = append(old, g)
		}
	}
	return old, nil
}

// DropOldModels removes indexes that OldModels listed.
func DropOldModels(ctx context.Context, st store.Store, old []store.ModelIndex) error {
	keeper, ok := store.As[store.ModelIndexKeeper](st)
	if !ok {
		return ErrNoOldModels
	}
	for _, g := range old {
		if err := keeper.DropModelIndex(ctx, g.Name); err != nil {
			return err
		}
	}
	return nil
}
