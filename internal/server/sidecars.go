package server

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/sidecar"
)

func (s *Server) registerSidecars(api huma.API) {
	type runID struct {
		ID string `path:"id" maxLength:"20" doc:"Of a run, or last"`
	}
	register(s, api, operation{
		ID: "export-xmp", Method: http.MethodPost, Path: "/runs/{id}/xmp", Tag: "runs", Status: http.StatusAccepted,
		Summary: "Write the tags of a run into XMP sidecars, beside the pictures",
		Description: "What is in a sidecar stays; undo takes the labels out of it again. The labels above a label are written " +
			"by a run with xmp alone, since a run does not keep its list.",
	}, func(ctx context.Context, in *runID) (*struct{ Body Progress }, error) {
		p, err := s.writeSidecars(ctx, in.ID)
		return &struct{ Body Progress }{p}, err
	})
}

// writeSidecars begins a job that writes the tags that the index has of a run.
func (s *Server) writeSidecars(ctx context.Context, name string) (Progress, error) {
	x, release, err := s.source.acquire(ctx)
	if err != nil {
		return Progress{}, err
	}
	runs := x.Runs
	run, err := runs.Find(ctx, name)
	release()
	if err != nil {
		return Progress{}, err
	}
	st, err := s.options.Opener.OpenWriter(ctx) // undo must not run meanwhile
	if err != nil {
		return Progress{}, err
	}
	one, err := s.jobs.start(run.ID, "xmp", func(ctx context.Context, j *job) (any, error) {
		defer st.Close() // nothing of it was changed
		run.Sidecars = true
		if err := runs.Save(ctx, run); err != nil { // first: undo looks there even if this is cut off
			return nil, err
		}
		j.Planned(int(run.Tagged))
		return run, s.eachSidecar(ctx, st, run, j)
	})
	if err != nil {
		st.Close()
		return Progress{}, err
	}
	return one.now(), nil
}

// eachSidecar brings the sidecars of the pictures that have tags of a run in line with them.
func (s *Server) eachSidecar(ctx context.Context, st store.Store, run tagging.Run, j *job) error {
	source := run.Source()
	for r, err := range st.Scan(ctx, nil, store.Fields{}) {
		if err != nil {
			return fmt.Errorf("reading the index: %w", err)
		}
		var labels []sidecar.Keyword
		for _, t := range r.Tags {
			if t.Source == source {
				labels = append(labels, sidecar.Keyword{Label: t.Label})
			}
		}
		if len(labels) == 0 {
			continue
		}
		if err := s.oneSidecar(&r, run.ID, labels); err != nil {
			j.Failed(r.Path, err.Error())
		}
		j.Tagged(1)
	}
	return nil
}

// oneSidecar writes beside a picture that is the one of the index: no link leads the writing
// to another folder.
func (s *Server) oneSidecar(r *store.Record, run string, labels []sidecar.Keyword) error {
	f, _, _, err := openFile(r, s.options.Limits)
	if err != nil {
		return err
	}
	if f != nil {
		f.Close()
	}
	_, err = sidecar.Update(r.Path, run, labels)
	return err
}
