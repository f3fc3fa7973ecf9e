package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/export"
)

func (s *Server) registerExport(api huma.API) {
	type input struct {
		ID     string `path:"id" maxLength:"20" doc:"Of a run, or last"`
		Format string `query:"format" enum:"csv,jsonl,parquet" default:"csv"`
	}
	register(s, api, operation{
		ID: "export-run", Method: http.MethodGet, Path: "/runs/{id}/export", Tag: "runs", Summary: "The tags of a run as a table", Long: true,
		Edit: answersBytes("application/octet-stream"),
	}, func(ctx context.Context, in *input) (*huma.StreamResponse, error) {
		x, release, err := s.source.acquire(ctx)
		if err != nil {
			return nil, err
		}
		run, err := x.Runs.Find(ctx, in.ID)
		if err != nil {
			release()
			return nil, err
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			defer release()
			r, w := humago.Unwrap(hc)
			format := export.Format(in.Format)
			w.Header().Set("Content-Type", exportTypes[format])
			w.Header().Set("Content-Disposition", disposition("tags-"+run.ID+"."+in.Format))
			w.Header().Set("Cache-Control", "no-store")
			http.NewResponseController(w).SetWriteDeadline(time.Now().Add(longTime))
			if err := writeExport(r.Context(), w, x.Store, run, format); err != nil {
				s.log.Warn("an export was cut short", "run", run.ID, "reason", err)
				panic(http.ErrAbortHandler) // so that nobody takes it for whole
			}
		}}, nil
	})
}

var exportTypes = map[export.Format]string{
	export.CSV: "text/csv; charset=utf-8", export.JSONL: "application/jsonl", export.Parquet: "application/vnd.apache.parquet",
}

// writeExport writes the tags that the index has of a run.
func writeExport(ctx context.Context, w http.ResponseWriter, st store.Store, run tagging.Run, format export.Format) error {
	out, err := export.NewWriter(w, format)
	if err != nil {
		return err
	}
	from, source := run.Plan.Provenance, run.Source()
	for r, err := range st.Scan(ctx, nil, store.Fields{}) {
		if err != nil {
			return fmt.Errorf("reading the index: %w", err)
		}
		for _, t := range r.Tags {
			if t.Source != source {
				continue
			}
			err := out.Write(export.Row{
				Path: r.Path, Label: t.Label, Score: t.Score, Probability: t.Probability, ID: r.ID, Run: run.ID,
				Model: from.Model, Labels: from.Labels, Templates: from.Templates, Time: run.Started,
			})
			if err != nil {
				return err
			}
		}
	}
	return out.Close()
}
