package app

import (
	"context"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
)

// Search is an index that is open for questions. It must be closed.
type Search struct {
	*query.Service
	Notice string // what the model's licence asks to be shown; "" for nothing
	open   *Open
}

// OpenSearch opens the index that the settings name, with its model, for questions. The
// embeddings of texts are remembered from one process to the next.
func (e *Env) OpenSearch(ctx context.Context, cfg config.Config) (*Search, error) {
	open, err := e.OpenIndex(ctx, cfg, store.ReadOnly, OneQuery)
	if err != nil {
		return nil, err
	}
	service := query.New(open.Store, open.Encoder, store.IDSpace(open.Store, cfg.Collection), Limits(cfg)).RememberTexts(e.TextCache())
	return &Search{Service: service, Notice: open.Encoder.Spec().Notice, open: open}, nil
}

// Close closes the index and the model.
func (s *Search) Close() error { return s.open.Close() }
