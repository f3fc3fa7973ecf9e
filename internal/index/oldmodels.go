package index

import (
	"context"
	"errors"
	"fmt"

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

// DropOldModels removes indexes that OldModels listed, and returns those that are gone. One
// that cannot be removed, such as one that is being written, keeps none of the others; the
// error says which were left, and why.
func DropOldModels(ctx context.Context, st store.Store, old []store.ModelIndex) (dropped []store.ModelIndex, err error) {
	keeper, ok := store.As[store.ModelIndexKeeper](st)
	if !ok {
		return nil, ErrNoOldModels
	}
	var errs []error
	for _, g := range old {
		if err := ctx.Err(); err != nil {
			return dropped, errors.Join(append(errs, err)...)
		}
		if err := keeper.DropModelIndex(ctx, g.Name); err != nil {
			errs = append(errs, fmt.Errorf("index %s of model %s was left: %w", g.Name, g.Model.Label(), err))
			continue
		}
		dropped = append(dropped, g)
	}
	return dropped, errors.Join(errs...)
}
