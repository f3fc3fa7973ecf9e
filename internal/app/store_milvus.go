package app

import (
	"context"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
)

// milvusKind is an index in a Milvus server.
var milvusKind = storeKind{name: milvus.Kind, open: openMilvus, rules: []rule{
	{is(store.ErrUnavailable), fault.Unreachable, "check that the server is running and that --milvus-address (or milvus.address in the settings) is right"},
}}

func openMilvus(ctx context.Context, e *Env, cfg config.Config, mode store.Mode, m store.Model) (store.Store, error) {
	s := cfg.Milvus
	who, err := s.Credentials()
	if err != nil {
		return nil, err
	}
	o := milvus.Options{
		Address: s.Address, Username: who.Username, Password: who.Password.Reveal(), Token: who.Token.Reveal(),
		Database: s.Database, TLS: milvus.TLS(s.TLS),
		Collection: cfg.Collection, Model: m, Mode: mode,
		Index:  milvus.Index(s.Index),
		Search: milvus.SearchParams(s.Search),
		Recall: s.Recall, Consistency: s.Consistency,
		DialTimeout: s.DialTimeout, CallTimeout: s.CallTimeout, BatchBytes: s.BatchBytes, Log: e.Log,
	}
	if mode.Writes() { // somebody waits for a search; an indexing run can wait for its server
		o.RetryFor = s.RetryFor
	}
	st, err := milvus.Open(ctx, o)
	if err != nil {
		return nil, err // not st: a nil *milvus.Store is not a nil store.Store
	}
	return st, nil
}
