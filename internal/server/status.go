package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
)

// Status is what the server and its index are.
type Status struct {
	Version    string    `json:"version" doc:"Of the program"`
	Store      string    `json:"store"`
	Location   string    `json:"location"`
	Collection string    `json:"collection"`
	Records    int64     `json:"records" doc:"Pictures"`
	Failures   int64     `json:"failures" doc:"Files that could not be indexed"`
	Damaged    *int64    `json:"damaged,omitempty" doc:"Pictures whose files are damaged, where the store can count them"`
	Model      ModelInfo `json:"model"`
	Created    time.Time `json:"created"`
	Updated    time.Time `json:"updated" doc:"Last change of the index"`
	Bytes      int64     `json:"bytes"`
	Notice     string    `json:"notice,omitempty" doc:"What the model's licence asks to be shown"`
	// Writing is told by the store; a store that cannot tell says nothing.
	Writing    bool           `json:"writing" doc:"A process writes the index now, such as indexer run"`
	Job        *Progress      `json:"job,omitempty" doc:"What this server is at work on"`
	Role       string         `json:"role" enum:"read,write" doc:"What you may do"`
	AllowWrite bool           `json:"allow_write" doc:"This server lets those with the role write change tags"`
	AllowIndex bool           `json:"allow_index" doc:"This server starts index runs"`
	Remote     bool           `json:"remote_pictures" doc:"This server fetches pictures by URL"`
	Reveal     bool           `json:"reveal" doc:"This server shows you pictures in the file manager"`
	Thumbnails ThumbnailStats `json:"thumbnails"`
}

// ModelInfo is the model of the index.
type ModelInfo struct {
	Name        string `json:"name"`
	Precision   string `json:"precision"`
	Pixels      string `json:"pixels"`
	Colour      string `json:"colour"`
	Dim         int    `json:"dim"`
	Fingerprint string `json:"fingerprint"`
}

// ThumbnailStats is the state of the thumbnails that are kept.
type ThumbnailStats struct {
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
	Made  int64 `json:"made" doc:"Since the server was started"`
	Hits  int64 `json:"hits" doc:"Since the server was started"`
}

// FailureInfo is a file that could not be indexed.
type FailureInfo struct {
	ID       string    `json:"id"`
	Path     string    `json:"path"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
	Attempts int       `json:"attempts"`
}

// FailuresOutput is a page of failures.
type FailuresOutput struct {
	Body struct {
		Failures []FailureInfo `json:"failures" doc:"In order of their paths"`
		Total    int64         `json:"total"`
	}
}

func (s *Server) registerStatus(api huma.API) {
	register(s, api, operation{ID: "status", Method: http.MethodGet, Path: "/status", Tag: "status", Summary: "What the server and its index are"},
		func(ctx context.Context, _ *struct{}) (*struct{ Body Status }, error) {
			out, err := s.status(ctx)
			return &struct{ Body Status }{out}, err
		})
	type page struct {
		Offset int `query:"offset" minimum:"0" maximum:"100000000"`
		Limit  int `query:"limit" minimum:"1" maximum:"10000" default:"100"`
	}
	register(s, api, operation{ID: "failures", Method: http.MethodGet, Path: "/failures", Tag: "status", Summary: "The files that could not be indexed, with why"},
		func(ctx context.Context, in *page) (*FailuresOutput, error) {
			x, release, err := s.source.acquire(ctx)
			if err != nil {
				return nil, err
			}
			defer release()
			out := &FailuresOutput{}
			out.Body.Failures = []FailureInfo{}
			for f, err := range x.Store.Failures(ctx) {
				if err != nil {
					return nil, err
				}
				if i := out.Body.Total; i >= int64(in.Offset) && len(out.Body.Failures) < in.Limit {
					out.Body.Failures = append(out.Body.Failures, FailureInfo{f.ID, f.Path, f.Reason, f.At.UTC(), f.Attempts})
				}
				out.Body.Total++
			}
			return out, nil
		})
}

func (s *Server) status(ctx context.Context) (Status, error) {
	x, release, err := s.source.acquire(ctx)
	if err != nil {
		return Status{}, err
	}
	defer release()
	d, err := index.ReadStatus(ctx, x.Store, 0)
	if err != nil {
		return Status{}, err
	}
	m, t := d.Model, s.options.Thumbnails.Stats()
	out := Status{
		Version: s.options.Version, Store: d.Kind, Location: d.Location, Collection: d.Collection, Records: d.Records, Failures: d.Failures,
		Model:   ModelInfo{m.Name, m.Precision, m.Pixels, cmp.Or(m.Colour, "ignore"), m.Dim, m.Fingerprint},
		Created: d.Created.UTC(), Updated: d.Updated.UTC(), Bytes: d.Bytes, Notice: x.Notice,
		Job: s.jobs.running(), Role: roleOf(ctx).String(), AllowWrite: s.options.AllowWrite, Reveal: s.mayReveal(ctx), AllowIndex: s.options.AllowIndex, Remote: s.options.RemotePictures,
		Thumbnails: ThumbnailStats{Files: t.Files, Bytes: t.Bytes, Made: t.Made, Hits: t.Hits},
	}
	if d.Damaged >= 0 {
		out.Damaged = &d.Damaged
	}
	if w, ok := store.As[store.WriteWatcher](x.Store); ok {
		out.Writing = w.Writing()
	}
	return out, nil
}

// serveHealth answers whether the process lives, and whether it can answer questions.
func (s *Server) serveHealth(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		_, release, err := s.source.acquire(r.Context())
		if err != nil {
			p := problemOf(err)
			p.Status, p.Title = http.StatusServiceUnavailable, http.StatusText(http.StatusServiceUnavailable)
			if p.retryAfter = 5; errors.Is(err, errServerClosed) {
				p.retryAfter = 0
			}
			if roleOf(r.Context()) == RoleNone { // the error may name folders of this machine
				p.Detail, p.Hint = "the index cannot be searched now", "with a token this says why"
			}
			writeProblem(w, p)
			return
		}
		release()
		writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
	})
	mux.Handle("GET /metrics", s.metrics.handler(s))
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // who has gone away needs no answer
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Del("Content-Length")
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p)
}
