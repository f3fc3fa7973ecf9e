package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/store/local/blocks"
)

// localKind is the embedded store.
var localKind = storeKind{name: local.Kind, open: openLocal, collections: localCollections, folder: true, rescue: rescueLocal,
	rules: localRules}

func openLocal(ctx context.Context, e *Env, cfg config.Config, mode store.Mode, w wanted) (store.Store, error) {
	if err := checkFolder(cfg); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(cfg.DB, "catalogue.db")); err == nil {
		return nil, fault.Usagef("give --db "+filepath.Dir(cfg.DB)+" --collection "+filepath.Base(cfg.DB), "%s is the folder of one collection, and --db takes the folder above it", cfg.DB)
	}
	engine := w.engine
	if engine == nil {
		engine = e.MatrixEngine(cfg)
	}
	st, err := local.Open(ctx, local.Options{
		Dir: cfg.DB, Collection: cfg.Collection, Model: w.model, ChooseModel: w.choose, IDSpace: w.ids, Mode: mode, Log: e.Log,
		Engine: engine, SQ8: engine, Float32Only: cfg.StoreExact,
	})
	if errors.Is(err, store.ErrNoIndex) {
		return nil, adviseOther(err, local.OpenCollections(cfg.DB, e.Log), cfg.Collection)
	} else if err != nil {
		return nil, err // not st: a nil *local.Store is not a nil store.Store
	}
	return st, nil
}

// adviseOther adds to the error of a collection that is not there which ones are.
func adviseOther(err error, c *local.Collections, name string) error {
	const most = 5
	names, failed := c.Names()
	if i := slices.Index(names, name); i >= 0 { // one whose making was interrupted
		names = slices.Delete(names, i, i+1)
	}
	if failed != nil || len(names) == 0 {
		return err
	}
	if near := spelling.Nearest(name, names); len(near) > 0 {
		names = near
	}
	return fault.Advise("did you mean --collection "+spelling.Or(names[:min(len(names), most)])+"? else build this one: indexer run PATH", "%w", err)
}

// checkFolder reports that the settings name no folder.
func checkFolder(cfg config.Config) error {
	if cfg.DB == "" {
		return fault.Usagef("give --db DIR, or set HOME or XDG_DATA_HOME", "there is no folder for the index")
	}
	return nil
}

func localCollections(_ context.Context, e *Env, cfg config.Config) (store.CollectionKeeper, error) {
	if err := checkFolder(cfg); err != nil {
		return nil, err
	}
	return local.OpenCollections(cfg.DB, e.Log), nil
}

func rescueLocal(ctx context.Context, e *Env, cfg config.Config, found, told func(string)) error {
	if err := checkFolder(cfg); err != nil {
		return err
	}
	return local.Rescue(ctx, local.Options{Dir: cfg.DB, Collection: cfg.Collection, Log: e.Log}, found, told)
}

// localRules explain the errors of backups.
var localRules = []rule{
	{is(blocks.ErrDamaged), fault.Fatal, "indexer restore DIR --list shows the other states, which may be whole; the next indexer backup rewrites damaged blocks"},
	{is(blocks.ErrNoBackup), fault.Fatal, "name the folder that was given to: indexer backup DIR"},
	{is(blocks.ErrNoState), fault.Fatal, "indexer restore DIR --list shows those that there are"},
	{is(blocks.ErrForeign), fault.Usage, "name an empty folder, or one that is not there yet"},
}
