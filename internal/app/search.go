package app

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/duplicates"
	"github.com/sightline/sightline/internal/query/saved"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/webfetch"
	"github.com/sightline/sightline/internal/zeroshot"
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
	return e.OpenSearchWith(ctx, cfg, func(*Open) {})
}

// OpenSearchWith is OpenSearch for a process that stays: wrap may put another store or
// encoder in front of those that were opened, such as one that joins the questions of
// several people. They are closed in place of the ones opened.
func (e *Env) OpenSearchWith(ctx context.Context, cfg config.Config, wrap func(*Open)) (*Search, error) {
	open, err := e.OpenIndex(ctx, cfg, store.ReadOnly, OneQuery)
	if err != nil {
		return nil, err
	}
	wrap(open)
	service := query.New(open.Store, open.Encoder, store.IDSpace(open.Store, cfg.Collection), Limits(cfg)).
		RememberTexts(e.TextCache()).
		JudgeBy(func(ctx context.Context) (query.Judge, error) { return e.textJudge(ctx, open.Encoder) }).
		SavedLabels(func(ctx context.Context) (*saved.Labels, error) { return Labels(ctx, cfg, open.Store) })
	looks, err := Looks(ctx, cfg, open.Store)
	if err != nil {
		return nil, errors.Join(err, open.Close())
	}
	service.KnowLooks(looks.Get)
	if cfg.FetchURLs {
		fetcher := webfetch.New(webfetch.Options{})
		service.FetchBy(func(ctx context.Context, address string) ([]byte, error) {
			f, err := fetcher.Get(ctx, address)
			return f.Data, err
		})
	}
	return &Search{Service: service, Notice: open.Encoder.Spec().Notice, open: open}, nil
}

// Looks is the cache of what the pictures of an index show, on this machine: see
// duplicates.Cache.
func Looks(ctx context.Context, cfg config.Config, st store.Store) (*duplicates.Cache, error) {
	dir, err := besides(ctx, cfg, st, "looks")
	if err != nil {
		return nil, err
	}
	return duplicates.OpenCache(dir), nil
}

// textJudge judges what a person typed. It embeds the background prompts, or takes their
// embeddings from the cache of this user.
func (e *Env) textJudge(ctx context.Context, enc clip.Encoder) (query.Judge, error) {
	o := zeroshot.Options{Log: e.Log}
	if dir := config.DefaultCache(e.Getenv); dir != "" {
		o.Cache = zeroshot.OpenCache(filepath.Join(dir, "labels"))
	}
	return zeroshot.PrepareTexts(ctx, enc, o)
}

// Labels are the saved labels of an index: documents of it, with those of older versions,
// in the folder LabelsDir. They can be used for as long as the store is open.
func Labels(ctx context.Context, cfg config.Config, st store.Store) (*saved.Labels, error) {
	dir, err := LabelsDir(ctx, cfg, st)
	if err != nil {
		return nil, err
	}
	docs, _ := store.As[store.Documents](st)
	return saved.Open(dir).In(docs), nil
}

// Opened is the index and the model that the questions go to.
func (s *Search) Opened() *Open { return s.open }

// List lists what the filters of a line and of p leave: see query.Line.List.
func (s *Search) List(ctx context.Context, l query.Line, tags []string, p query.Params) (query.Answer, error) {
	return l.List(ctx, s.open.Store, tags, p)
}

// WhyNothing says why conditions leave no picture: see query.WhyNothing.
func (s *Search) WhyNothing(ctx context.Context, c query.Conditions) ([]string, error) {
	return query.WhyNothing(ctx, s.open.Store, c)
}

// Close closes the index and the model.
func (s *Search) Close() error { return s.open.Close() }
