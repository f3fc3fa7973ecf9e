package server

import (
	"context"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/duplicates"
	"github.com/sightline/sightline/internal/server/batch"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/zeroshot"
)

// opener opens the index that the settings name.
type opener struct {
	env *app.Env
	cfg config.Config
}

// NewOpener returns the Opener of the index that the settings name.
func NewOpener(env *app.Env, cfg config.Config) Opener { return &opener{env, cfg} }

// Open implements Opener.
func (o *opener) Open(ctx context.Context) (*Index, error) {
	search, err := o.env.OpenSearchWith(ctx, o.cfg, func(open *app.Open) {
		open.Store, open.Encoder = batch.NewStore(open.Store, 0), batch.NewEncoder(open.Encoder)
	})
	if err != nil {
		return nil, err
	}
	x, err := o.index(ctx, search)
	if err != nil {
		search.Close()
		return nil, err
	}
	return x, nil
}

// textsKept is how many texts are remembered: 5 MB for embeddings of 512 values.
const textsKept = 2500

// looksKept is how many of what pictures show are remembered: 25 MB.
const looksKept = 2000

func (o *opener) index(ctx context.Context, search *app.Search) (*Index, error) {
	open := search.Opened()
	runs, err := app.Runs(ctx, o.cfg, open.Store)
	if err != nil {
		return nil, err
	}
	labels, err := app.Labels(ctx, o.cfg, open.Store)
	if err != nil {
		return nil, err
	}
	looks, err := app.Looks(ctx, o.cfg, open.Store)
	if err != nil {
		return nil, err
	}
	explored := &exploredMap{st: open.Store}
	service := search.OnlyIndexed().FetchBy(nil).RememberTexts(query.KeepTexts(textsKept)).
		KnowLooks(duplicates.NewRecent(looksKept, looks.Get).Get)
	return &Index{
		Explored: explored.explored, Cluster: explored.filter,
		Service: service, Store: open.Store, Collection: store.IDSpace(open.Store, o.cfg.Collection), Notice: search.Notice,
		Pair: o.cfg.Index.RAW == config.RAWTwin, Runs: runs, Labels: labels, Close: search.Close,
		Classifier: func(ctx context.Context, list *label.List, templates []string) (*zeroshot.Classifier, error) {
			list, how, err := o.env.ResolveLabels(ctx, o.cfg, open, list, app.Labelling{Templates: templates, Engine: open.Engine})
			if err != nil {
				return nil, err
			}
			return o.env.Classifier(ctx, open.Encoder, list, how)
		},
	}, nil
}

// OpenWriter implements Opener.
func (o *opener) OpenWriter(ctx context.Context) (store.Store, error) {
	return o.env.OpenStore(ctx, o.cfg, store.ReadWrite, store.Model{})
}

// InUse implements Opener.
func (o *opener) InUse(ctx context.Context) (store.Description, error) {
	st, err := o.env.OpenStore(ctx, o.cfg, store.ReadOnly, store.Model{})
	if err != nil {
		return store.Description{}, err
	}
	defer st.Close()
	return st.Describe(ctx)
}
