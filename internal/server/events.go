package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const (
	// eventEvery is how often progress is reported at most, and heartbeat how often something
	// is, so that proxies keep the connection.
	eventEvery = 200 * time.Millisecond
	heartbeat  = 15 * time.Second
)

func (s *Server) registerRunEvents(api huma.API) {
	type runID struct {
		ID string `path:"id" maxLength:"20" doc:"Of a run of this server, or of an index job"`
	}
	register(s, api, operation{
		ID: "run-events", Method: http.MethodGet, Path: "/runs/{id}/events", Tag: "runs", Long: true,
		Summary:     "The progress of a run as server-sent events",
		Description: "Events are called progress, and the last one end; the data of each is a Progress.",
		Edit:        answersEvents(api),
	}, func(_ context.Context, in *runID) (*huma.StreamResponse, error) {
		j := s.jobs.find(in.ID)
		if j == nil {
			return nil, newProblem(http.StatusNotFound, kindMissing, "this server is at work on no run "+in.ID, "GET /runs lists the runs of the index")
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			r, w := humago.Unwrap(hc)
			s.streamProgress(r.Context(), w, j)
		}}, nil
	})
}

// answersEvents documents an answer of server-sent events.
func answersEvents(api huma.API) func(*huma.Operation) {
	return func(o *huma.Operation) {
		o.Responses = map[string]*huma.Response{"200": {
			Description: "Events whose data is a Progress",
			Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: eventSchema()}},
		}}
		api.OpenAPI().Components.Schemas.Schema(typeOf[Progress](), true, "Progress")
	}
}

// eventSchema is that of each event of a stream.
func eventSchema() *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, Required: []string{"event", "data"},
		Properties: map[string]*huma.Schema{
			"event": {Type: huma.TypeString, Enum: []any{"progress", "end"}},
			"data":  {Type: huma.TypeString, Description: "A Progress, as JSON"},
		},
	}
}

// eventStream begins an answer of events, and returns what sends one.
func eventStream(w http.ResponseWriter) func(event string, data any) error {
	c := http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	return func(event string, data any) error {
		c.SetWriteDeadline(time.Now().Add(2 * heartbeat)) // a writer that has none needs none
		if event == "" {
			fmt.Fprint(w, ": still here\n\n")
			return c.Flush()
		}
		text, err := json.Marshal(data)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, text)
		return c.Flush()
	}
}

// streamProgress tells how far a job is until it ends, the reader goes away, or the server
// stops.
func (s *Server) streamProgress(ctx context.Context, w http.ResponseWriter, j *job) {
	send := eventStream(w)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		p, changed := j.watch()
		if p.State != stateRunning {
			send("end", p)
			return
		}
		if send("progress", p) != nil {
			return
		}
		for waiting := true; waiting; {
			select {
			case <-ctx.Done():
				return
			case <-s.stopping:
				return
			case <-beat.C:
				if send("", nil) != nil {
					return
				}
			case <-changed:
				waiting = false
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(eventEvery):
		}
	}
}
