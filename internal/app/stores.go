package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/clip/ort"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/vec/sq8"
)

// storeKind is all that the program knows of a kind of store. To add one, write a
// package that passes storetest, and its entry in storeKinds; a store with settings of
// its own has a section in config.
type storeKind struct {
	name        string // what the setting store calls it, and its Description.Kind
	open        func(ctx context.Context, e *Env, cfg config.Config, mode store.Mode, w wanted) (store.Store, error)
	collections func(ctx context.Context, e *Env, cfg config.Config) (store.CollectionKeeper, error)
	// folder says that Description.Location is a folder of this machine, which also has
	// room for what belongs to the index and not into the store.
	folder bool
	// repair makes one of the model indexes of a collection the one in use, where it is
	// lost which is; nil where that cannot be lost.
	repair func(ctx context.Context, e *Env, cfg config.Config, use string) (store.ModelIndex, error)
	// rescue rebuilds what an index cannot be opened without, from what is whole of it;
	// nil where there is nothing of that kind.
	rescue func(ctx context.Context, e *Env, cfg config.Config, found, told func(string)) error
	// rules explain the errors that only this kind gives.
	rules []rule
}

// storeKinds are the stores that there are, the default of the settings first.
var storeKinds = []storeKind{localKind, milvusKind}

// StoreKinds lists the names of the kinds of store, as the setting store takes them.
func StoreKinds() []string {
	names := make([]string, len(storeKinds))
	for i, k := range storeKinds {
		names[i] = k.name
	}
	return names
}

// kindOf returns the kind of store of a name.
func kindOf(name string) (storeKind, error) {
	i := slices.IndexFunc(storeKinds, func(k storeKind) bool { return k.name == name })
	if i < 0 {
		return storeKind{}, fmt.Errorf("%w: store is %q; it can be %s", config.ErrInvalid, name, strings.Join(StoreKinds(), ", "))
	}
	return storeKinds[i], nil
}

// OpenStore opens the store that the settings name. A model that is not zero must
// be the one that built the index, unless the mode is store.Rebuild.
func (e *Env) OpenStore(ctx context.Context, cfg config.Config, mode store.Mode, m store.Model) (store.Store, error) {
	return e.openStore(ctx, cfg, mode, wanted{model: m})
}

// wanted is the model that a store is opened for: one that is known, or one that is
// chosen once it is known which model built the index.
type wanted struct {
	model  store.Model
	choose func(inUse store.Model) (store.Model, error)
	// engine is shared with others who compute on the same vectors; nil for one of the
	// store's own. A store that computes closes it.
	engine Engine
	ids    string // what the ids of a new index are made with, where it is not its collection
}

// OpenCollections opens the collections of the store that the settings name, as wholes.
func (e *Env) OpenCollections(ctx context.Context, cfg config.Config) (store.CollectionKeeper, error) {
	k, err := kindOf(cfg.Store)
	if err != nil {
		return nil, err
	}
	return k.collections(ctx, e, cfg)
}

func (e *Env) openStore(ctx context.Context, cfg config.Config, mode store.Mode, w wanted) (store.Store, error) {
	k, err := kindOf(cfg.Store)
	if err != nil {
		return nil, err
	}
	if mode.Creates() {
		if err := store.CheckNewCollection(cfg.Collection); err != nil {
			return nil, fault.Usagef("choose another name with --collection; indexer collections rename gives one that is there another", "%s", err)
		}
	}
	st, err := k.open(ctx, e, cfg, mode, w)
	if err == nil && e.opened != nil {
		st = e.opened(st)
	}
	return st, err
}

// Repair makes a model index of the collection that the settings name the one in use,
// where it is lost which is, and returns what it is. With use "" it changes nothing and
// returns the one in use, or an error that says what there is.
func (e *Env) Repair(ctx context.Context, cfg config.Config, use string) (store.ModelIndex, error) {
	k, err := kindOf(cfg.Store)
	if err != nil {
		return store.ModelIndex{}, err
	}
	if k.repair == nil {
		return store.ModelIndex{}, fault.Usagef("indexer verify checks an index of this kind", "a %s store knows by itself which index is in use", k.name)
	}
	return k.repair(ctx, e, cfg, use)
}

// OpenDamaged opens the store that the settings name for repair, by whichever model. Where
// it is too damaged to be opened, what that takes is rebuilt from what is whole: found is
// handed what is wrong and told what was done.
func (e *Env) OpenDamaged(ctx context.Context, cfg config.Config, found, told func(string)) (store.Store, error) {
	st, err := e.OpenStore(ctx, cfg, store.ReadWrite, store.Model{})
	if !errors.Is(err, store.ErrDamaged) {
		return st, err
	}
	k, failed := kindOf(cfg.Store)
	if failed != nil || k.rescue == nil {
		return nil, err
	}
	found(err.Error())
	if err := k.rescue(ctx, e, cfg, found, told); err != nil {
		return nil, err
	}
	return e.OpenStore(ctx, cfg, store.ReadWrite, store.Model{})
}

// RunsDir is the folder that keeps the notes of the tagging runs of an index: in the folder of one
// that has a folder of this machine, and for one on a server in a folder of this
// machine's user that is named by the server and the collection.
func RunsDir(ctx context.Context, cfg config.Config, st store.Store) (string, error) {
	return besides(ctx, cfg, st, "runs")
}

// Runs are the tagging runs of an index: documents of it, with their notes, and with runs
// of older versions, in the folder RunsDir.
func Runs(ctx context.Context, cfg config.Config, st store.Store) (*tagging.Registry, error) {
	dir, err := RunsDir(ctx, cfg, st)
	if err != nil {
		return nil, err
	}
	docs, _ := store.As[store.Documents](st)
	return tagging.OpenRegistry(dir).In(docs), nil
}

// LabelsDir is the folder where older versions kept the saved labels of an index: see RunsDir.
func LabelsDir(ctx context.Context, cfg config.Config, st store.Store) (string, error) {
	return besides(ctx, cfg, st, "labels")
}

// besides is a folder for what belongs to an index and is not in its store.
func besides(ctx context.Context, cfg config.Config, st store.Store, name string) (string, error) {
	d, err := st.Describe(ctx)
	if err != nil {
		return "", err
	}
	if k, err := kindOf(d.Kind); err == nil && k.folder {
		return filepath.Join(d.Location, name), nil
	}
	return filepath.Join(cfg.DB, name, d.Kind+"-"+store.ID(d.Location, d.Collection)[:16]), nil
}

// Engine scores rows and their 8-bit codes.
type Engine interface {
	vec.Engine
	sq8.Engine
	io.Closer
}

// MatrixEngine is ONNX Runtime as the engine of large products. It loads the library
// when it is first needed, does without where there is none, and must be closed.
func (e *Env) MatrixEngine(cfg config.Config) *ort.Engine {
	return ort.NewEngine(func() (string, error) { return ort.FindLibrary(cfg.OnnxRuntimeLib, e.Executable) }, e.Log)
}
