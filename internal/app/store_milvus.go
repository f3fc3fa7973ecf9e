package app

import (
	"context"
	"fmt"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
)

// milvusKind is an index in a Milvus server.
var milvusKind = storeKind{name: milvus.Kind, open: openMilvus, collections: milvusCollections, repair: repairMilvus, rules: []rule{
	{is(store.ErrUnavailable), fault.Unreachable, "check that the server is running and that --milvus-address (or milvus.address in the settings) is right"},
}}

func openMilvus(ctx context.Context, e *Env, cfg config.Config, mode store.Mode, w wanted) (store.Store, error) {
	o, err := milvus.FromSettings(cfg.Milvus)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", config.ErrInvalid, err)
	}
	o.Collection, o.Model, o.ChooseModel, o.Mode, o.Log = cfg.Collection, w.model, w.choose, mode, e.Log
	o.IDSpace = w.ids
	if !mode.Writes() { // somebody waits for a search; an indexing run can wait for its server
		o.RetryFor = 0
	}
	st, err := milvus.Open(ctx, o)
	if err != nil {
		return nil, err // not st: a nil *milvus.Store is not a nil store.Store
	}
	return st, nil
}

func milvusCollections(ctx context.Context, e *Env, cfg config.Config) (store.CollectionKeeper, error) {
	o, err := milvus.FromSettings(cfg.Milvus)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", config.ErrInvalid, err)
	}
	o.Log = e.Log
	c, err := milvus.OpenCollections(ctx, o)
	if err != nil {
		return nil, err // not c: a nil *milvus.Collections is not a nil store.CollectionKeeper
	}
	return c, nil
}

func repairMilvus(ctx context.Context, e *Env, cfg config.Config, use string) (store.ModelIndex, error) {
	o, err := milvus.FromSettings(cfg.Milvus)
	if err != nil {
		return store.ModelIndex{}, fmt.Errorf("%w: %w", config.ErrInvalid, err)
	}
	o.Collection, o.Log = cfg.Collection, e.Log
	return milvus.Repair(ctx, o, use)
}
