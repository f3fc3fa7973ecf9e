package app

import (
	"context"
	"errors"
	"slices"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/transfer"
)

// A rebuild makes the index for another model beside the one in use, over the same
// paths, and switches to it once it is whole. Searches go on against the old index
// meanwhile. A rebuild that was interrupted goes on when it is asked for again.

// openRebuild opens the index in use, for its paths and the tags that people gave, and
// the one that is to replace it. Without an index in use there must be paths.
func (j *IndexJob) openRebuild(ctx context.Context, cfg config.Config) (err error) {
	paths := slices.Clone(j.request.Paths)
	inUse, err := j.env.OpenStore(ctx, cfg, store.ReadOnly, store.Model{})
	var model store.Model
	var ids string
	switch {
	case errors.Is(err, store.ErrNoIndex) && len(paths) > 0:
	case err != nil:
		return err
	default:
		j.inUse, model, ids = inUse, inUse.Model(), store.IDSpace(inUse, cfg.Collection)
		covered, err := index.Roots(ctx, inUse)
		if err != nil {
			return err
		}
		paths = append(paths, covered...)
	}
	if err := index.CheckAllRoots(paths); err != nil {
		return err
	}
	j.request.Paths = paths
	enc, err := j.env.OpenEncoder(ctx, j.env.adoptModel(cfg, model), ManyFiles)
	if err != nil {
		return err
	}
	engine := j.env.MatrixEngine(cfg)
	st, err := j.env.openStore(ctx, cfg, store.Rebuild, wanted{model: modelOf(enc.Spec()), engine: engine, ids: ids})
	if err != nil {
		return errors.Join(err, enc.Close(), engine.Close())
	}
	j.open = &Open{Store: st, Encoder: enc, Engine: engine}
	return nil
}

// switchOver makes the new index the one in use, with the tags that people gave to
// pictures in the old one, and with its documents. It reports whether it did: after Ctrl-C the new index is
// not whole.
func (j *IndexJob) switchOver(ctx context.Context) (bool, error) {
	next := j.open.Store
	promoter, ok := store.As[store.Promoter](next)
	if !ok {
		return false, fault.Usagef("build another index with --db DIR or --collection NAME", "this kind of store cannot build an index beside the one in use")
	}
	if ctx.Err() != nil {
		return false, nil
	}
	if err := index.CheckAllRoots(j.request.Paths); err != nil {
		return false, err
	}
	if j.inUse != nil {
		if err := transfer.UserTags(ctx, j.inUse, next); err != nil {
			return false, err
		}
		if err := transfer.MirrorDocuments(ctx, j.inUse, next); err != nil {
			return false, err
		}
	}
	if err := next.Flush(ctx); err != nil {
		return false, err
	}
	return true, promoter.Promote(ctx)
}
