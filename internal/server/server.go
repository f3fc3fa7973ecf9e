// Package server serves an index over HTTP: search, pictures and thumbnails, tags and tag
// runs, under /api/v1, and a page that is handed in. It has no logic of its own that the
// command line lacks: both stand on the packages query, tagging and zeroshot.
//
// The API's document, OpenAPI 3.1, is made from the Go types here and served as
// /openapi.json. Errors are problems of RFC 9457 with the kinds and hints of the command
// line.
//
// # Who may do what
//
// A request passes the guard first (guard.go): the Host and the Origin must be ours, and
// where tokens are set one of them must come along. Reading is for everybody who passes;
// changing tags, labels and runs needs the role write, and a server that allows it. Files
// are named by id alone, and opened below the root that they were found in (files.go).
package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"golang.org/x/sync/semaphore"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/thumbnail"
	"github.com/sightline/sightline/internal/webfetch"
)

// Prefix is where the API is.
const Prefix = "/api/v1"

// Options says what is served, and to whom.
type Options struct {
	Opener  Opener
	Version string       // of the program
	Page    http.Handler // what "/" serves; nil for nothing
	Guard   GuardOptions
	// AllowWrite lets those with the role write change tags, labels and runs.
	AllowWrite bool
	AllowIndex bool // lets those with the role write start index runs
	Thumbnails *thumbnail.Cache
	Limits     imaging.Limits // of pictures of the index
	Uploads    UploadLimits
	// Concurrent bounds the requests that are worked on at once; 0 for 64. More of them
	// wait for a moment, and are then told to come again.
	Concurrent int
	// RemotePictures lets a search name a picture by URL; never one at a private address.
	RemotePictures bool
	// Reveal shows a file in the file manager of this machine, for browsers on it; nil for
	// never.
	Reveal func(path string) error
	Log    *slog.Logger // nil discards

	slowestBody time.Duration // see gate; 0 for bodyPatience
}

// Server answers requests. It must be closed.
type Server struct {
	options Options
	source  *source
	lists   *lists
	jobs    *jobs
	metrics *metrics
	gate    gate
	facets  facetCache
	found   duplicateCache
	samples *samples
	// decoding bounds the uploads that are decoded at once.
	decoding *semaphore.Weighted
	remote   *webfetch.Client
	stopping chan struct{}
	stop     sync.Once
	handler  http.Handler
	api      huma.API
	log      *slog.Logger
}

// New returns a server. The index is opened when it is first asked for.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Concurrent <= 0 {
		o.Concurrent = 64
	}
	if o.slowestBody <= 0 {
		o.slowestBody = bodyPatience
	}
	o.Uploads = o.Uploads.withDefaults()
	guard, err := newGuard(o.Guard)
	if err != nil {
		return nil, err
	}
	s := &Server{
		options: o, source: newSource(o.Opener), lists: newLists(), jobs: newJobs(), metrics: newMetrics(o.Version),
		gate: newGate(o.Concurrent, o.Uploads.Bytes+maxBody, o.slowestBody), samples: newSamples(), decoding: semaphore.NewWeighted(int64(o.Uploads.AtOnce)),
		remote: webfetch.New(webfetch.Options{MaxBytes: o.Uploads.Bytes}), stopping: make(chan struct{}), log: o.Log,
	}
	mux := http.NewServeMux()
	s.api = humago.NewWithPrefix(mux, Prefix, apiConfig(o.Version))
	s.registerAll()
	if err := s.serveDocument(mux); err != nil {
		return nil, err
	}
	s.serveHealth(mux)
	mux.Handle(mcpPath, s.mcpHandler())
	mux.HandleFunc("POST "+askPath, s.serveAsk)
	mux.HandleFunc(Prefix+"/", func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, newProblem(http.StatusNotFound, kindMissing, "there is no "+r.Method+" "+r.URL.Path, "/openapi.json says what there is"))
	})
	if o.Page != nil {
		mux.Handle("/", o.Page)
	}
	s.handler = s.metrics.count(mux, s.recover(guard.wrap(s.gate.wrap(mux))))
	return s, nil
}

// registerAll registers the operations of the API.
func (s *Server) registerAll() {
	for _, register := range []func(huma.API){
		s.registerSearch, s.registerSimilar, s.registerImages, s.registerThumbnails, s.registerTags, s.registerFolders,
		s.registerLabels, s.registerRuns, s.registerClassify, s.registerDuplicates, s.registerTimeline, s.registerExplore,
		s.registerStatus, s.registerIndexing, s.registerDownload, s.registerSession, s.registerCorrections, s.registerThresholds, s.registerReveal,
		s.registerSidecars,
	} {
		register(s.api)
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Warm opens the index and embeds a text, so that the first question does not wait for
// the model. It returns what keeps the index from being opened.
func (s *Server) Warm(ctx context.Context) error {
	x, release, err := s.source.acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	return x.Service.Warm(ctx)
}

// Stop ends the streams of events, so that http.Server.Shutdown need not wait for them. It
// may be repeated.
func (s *Server) Stop() { s.stop.Do(func() { close(s.stopping) }) }

// Close stops the runs, waits for them, and closes the index. Requests must have ended.
func (s *Server) Close() error {
	s.Stop()
	s.jobs.close()
	return s.source.close()
}

// recover turns a panic of one request into an answer, and tells the log.
func (s *Server) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			failed := recover()
			if failed == nil {
				return
			}
			if err, ok := failed.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(failed)
			}
			s.log.Error("a request failed", "method", r.Method, "path", r.URL.Path, "reason", failed)
			writeProblem(w, newProblem(http.StatusInternalServerError, "fatal", "the request failed", "the log says why"))
		}()
		next.ServeHTTP(w, r)
	})
}

// operation describes one route.
type operation struct {
	ID, Method, Path, Tag, Summary, Description string
	// Reads is set for a POST that changes nothing.
	Reads bool
	// Long is set for what may take minutes; other requests end after requestTime.
	Long    bool
	MaxBody int64
	Status  int // of success; 0 for 200
	Edit    func(*huma.Operation)
}

const (
	requestTime = 60 * time.Second
	longTime    = time.Hour
	maxBody     = 4 << 20
)

// register adds an operation. Its errors become problems, it ends in time, and it needs
// the role write where it changes anything.
func register[I, O any](s *Server, api huma.API, op operation, handle func(context.Context, *I) (*O, error)) {
	h := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: op.Path, Tags: []string{op.Tag}, Summary: op.Summary, Description: op.Description,
		MaxBodyBytes: op.MaxBody, BodyReadTimeout: requestTime, DefaultStatus: op.Status,
		Errors: []int{400, 401, 403, 404, 409, 413, 422, 500, 503},
	}
	if h.OperationID == "" {
		h.OperationID = huma.GenerateOperationID(op.Method, op.Path, new(O))
	}
	if h.MaxBodyBytes == 0 {
		h.MaxBodyBytes = maxBody
	}
	changes := op.Method != http.MethodGet && !op.Reads
	if op.Edit != nil {
		op.Edit(&h)
	}
	known := &parameters{}
	h.Middlewares = huma.Middlewares{known.check}
	limit := requestTime
	if op.Long {
		limit = longTime
	}
	huma.Register(api, h, func(ctx context.Context, in *I) (*O, error) {
		if changes {
			if err := s.mayWrite(ctx); err != nil {
				return nil, err
			}
		}
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		out, err := handle(ctx, in)
		if err != nil {
			p := s.explain(ctx, err)
			if p.Status >= 500 && ctx.Err() == nil {
				s.log.Warn("a request failed", "operation", h.OperationID, "reason", err)
			}
			return nil, p
		}
		return out, nil
	})
	known.read(api, h)
}

// explain is the problem of an error. One of an index that was removed or replaced while it
// was in use says so, and the next request finds what is there now.
func (s *Server) explain(ctx context.Context, err error) *Problem {
	p := apiProblem(err)
	if p.Status != http.StatusInternalServerError {
		return p
	}
	switch err := s.source.lost(ctx); {
	case err == nil:
		return p
	case errors.Is(err, store.ErrNoIndex):
		return apiProblem(err)
	}
	p = newProblem(http.StatusServiceUnavailable, kindBusy, "the index was replaced while the request was at work", "come again in a second")
	p.retryAfter = 1
	return p
}

// mayWrite reports whether the request may change the index.
func (s *Server) mayWrite(ctx context.Context) error {
	if !s.options.AllowWrite {
		return newProblem(http.StatusForbidden, kindForbidden, "this server only shows the index", "start it with --allow-write")
	}
	if roleOf(ctx) < RoleWrite {
		return newProblem(http.StatusForbidden, kindForbidden, "this token may only read", "a token with the role write may change tags")
	}
	return nil
}
