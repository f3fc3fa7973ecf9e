package server

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
)

// Indexer is what an Opener is besides, where index runs can be started.
type Indexer interface {
	// Index brings the index up to date over the paths that it covers, or tries the files
	// again that failed. It returns what the run came to.
	Index(ctx context.Context, retry bool, o index.Observer) (any, error)
}

// IndexRequest asks for an index run.
type IndexRequest struct {
	Retry bool `json:"retry,omitempty" doc:"Only try the files again that failed"`
}

func (s *Server) registerIndexing(api huma.API) {
	register(s, api, operation{
		ID: "index", Method: http.MethodPost, Path: "/index", Tag: "status", Summary: "Start an index run over the folders of the index",
		Description: "Its progress are the events of /runs/{id}/events, with the id of the answer.", Status: http.StatusAccepted,
	}, func(_ context.Context, in *struct{ Body IndexRequest }) (*struct{ Body Progress }, error) {
		x, ok := s.options.Opener.(Indexer)
		if !ok || !s.options.AllowIndex {
			return nil, newProblem(http.StatusForbidden, kindForbidden, "this server starts no index runs", "start it with --allow-index")
		}
		id := "index-" + strconv.FormatInt(time.Now().Unix(), 10)
		j, err := s.jobs.start(id, "index", func(ctx context.Context, j *job) (any, error) {
			defer s.facets.forget()
			return x.Index(ctx, in.Body.Retry, j)
		})
		if err != nil {
			return nil, err
		}
		return &struct{ Body Progress }{j.now()}, nil
	})
}

// Embedded implements index.Observer.
func (j *job) Embedded(n int) { j.Tagged(n) }

// Seen implements index.Observer.
func (j *job) Seen(int) {}

// WalkDone implements index.Observer.
func (j *job) WalkDone() {}

// Index implements Indexer.
func (o *opener) Index(ctx context.Context, retry bool, observer index.Observer) (any, error) {
	r := app.IndexRequest{Work: app.Retry}
	if !retry {
		x, err := o.env.OpenStore(ctx, o.cfg, store.ReadOnly, store.Model{})
		if err != nil {
			return nil, err
		}
		roots, err := index.Roots(ctx, x)
		x.Close()
		if err != nil {
			return nil, err
		}
		r = app.IndexRequest{Work: app.Update, Paths: roots}
	}
	run, err := o.env.OpenIndexJob(ctx, o.cfg, r)
	if err != nil {
		return nil, err
	}
	defer run.Close()
	out, err := run.Run(ctx, observer)
	if err != nil {
		return nil, err
	}
	return out.Report, nil
}
