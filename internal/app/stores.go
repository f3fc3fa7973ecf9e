package app

import (
	"context"
	"io"

	"github.com/sightline/sightline/internal/clip/ort"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/vec"
)

// Access says what a store is opened for.
type Access int

// The kinds of access.
const (
	Read   Access = iota // searching; the index must exist
	Write                // changing an index that exists
	Create               // changing it, and making it if it is not there
	// Rebuild is Create for an index that another model built: the new one is made
	// beside it, and is what everybody finds only after store.Promoter's Promote.
	Rebuild
)

// OpenStore opens the store that the settings name. A model that is not zero must
// be the one that built the index, unless the access is Rebuild.
func (e *Env) OpenStore(ctx context.Context, cfg config.Config, access Access, m store.Model) (store.Store, error) {
	if cfg.Store == "milvus" {
		return e.openMilvus(ctx, cfg, access, m)
	}
	return e.openLocal(ctx, cfg, access, m)
}

func (e *Env) openLocal(ctx context.Context, cfg config.Config, access Access, m store.Model) (store.Store, error) {
	if cfg.DB == "" {
		return nil, fault.Usagef("give --db DIR, or set HOME or XDG_DATA_HOME", "there is no folder for the index")
	}
	engine := e.MatrixEngine(cfg)
	st, err := local.Open(ctx, local.Options{
		Dir: cfg.DB, Collection: cfg.Collection, Model: m, Log: e.Log, Rebuild: access == Rebuild,
		Engine: engine, Codes: engine, Exact: cfg.StoreExact,
		Mode: map[Access]local.Mode{Read: local.ReadOnly, Write: local.ReadWrite, Create: local.Create, Rebuild: local.Create}[access],
	})
	if err != nil {
		return nil, err // not st: a nil *local.Store is not a nil store.Store
	}
	return st, nil
}

// Engine scores rows and their 8-bit codes.
type Engine interface {
	vec.Engine
	vec.CodeEngine
	io.Closer
}

// MatrixEngine is ONNX Runtime as the engine of large products. It loads the library
// when it is first needed, does without where there is none, and must be closed.
func (e *Env) MatrixEngine(cfg config.Config) *ort.Engine {
	return ort.NewEngine(func() (string, error) { return ort.FindLibrary(cfg.OnnxRuntimeLib, e.Executable) }, e.Log)
}

func (e *Env) openMilvus(ctx context.Context, cfg config.Config, access Access, m store.Model) (store.Store, error) {
	s := cfg.Milvus
	who, err := s.Credentials()
	if err != nil {
		return nil, err
	}
	o := milvus.Options{
		Address: s.Address, Username: who.Username, Password: who.Password.Reveal(), Token: who.Token.Reveal(),
		Database: s.Database, TLS: milvus.TLS(s.TLS),
		Collection: cfg.Collection, Model: m, Rebuild: access == Rebuild,
		Mode:   map[Access]milvus.Mode{Read: milvus.ReadOnly, Write: milvus.ReadWrite, Create: milvus.Create, Rebuild: milvus.Create}[access],
		Index:  milvus.Index(s.Index),
		Search: milvus.SearchParams(s.Search),
		Recall: s.Recall, Consistency: s.Consistency,
		DialTimeout: s.DialTimeout, CallTimeout: s.CallTimeout, BatchBytes: s.BatchBytes, Log: e.Log,
	}
	if access != Read { // somebody waits for a search; an indexing run can wait for its server
		o.RetryFor = s.RetryFor
	}
	st, err := milvus.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return st, nil
}
