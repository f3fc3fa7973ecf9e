package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/saved"
	"github.com/sightline/sightline/internal/store"
)

// SavedLabel is a label made of pictures, as search label list --json has it.
type SavedLabel struct {
	Name    string    `json:"name"`
	Usable  bool      `json:"usable" doc:"It was made with the model of the index"`
	Model   string    `json:"model"`
	Like    []string  `json:"like"`
	Unlike  []string  `json:"unlike"`
	Created time.Time `json:"created"`
}

func newSavedLabel(l saved.Label, m store.Model) SavedLabel {
	_, err := l.VectorFor(m)
	return SavedLabel{
		Name: l.Name, Usable: err == nil, Model: l.Model.Label(), Created: l.Created,
		Like: append([]string{}, l.Like...), Unlike: append([]string{}, l.Unlike...),
	}
}

// LabelSave makes a label of pictures.
type LabelSave struct {
	Name    string   `json:"name" minLength:"1" maxLength:"100"`
	Like    []string `json:"like" minItems:"1" maxItems:"1000" doc:"Ids of pictures"`
	Unlike  []string `json:"unlike,omitempty" maxItems:"1000"`
	Replace bool     `json:"replace,omitempty" doc:"Replace a label of that name"`
}

// ListsOutput lists the label lists that ship with the program.
type ListsOutput struct {
	Body struct {
		Lists []label.BundledList `json:"lists"`
	}
}

// LabelsOutput lists the saved labels.
type LabelsOutput struct {
	Body struct {
		Labels []SavedLabel `json:"labels"`
		Failed []string     `json:"failed" doc:"Labels that cannot be read, with why"`
	}
}

func (s *Server) registerLabels(api huma.API) {
	register(s, api, operation{Method: http.MethodGet, Path: "/labels", Tag: "labels", Summary: "The saved labels: #NAME in a query"},
		func(ctx context.Context, _ *struct{}) (*LabelsOutput, error) {
			x, release, err := s.source.acquire(ctx)
			if err != nil {
				return nil, err
			}
			defer release()
			list, failed := x.Labels.List(ctx)
			out := &LabelsOutput{}
			out.Body.Labels, out.Body.Failed = []SavedLabel{}, []string{}
			for _, l := range list {
				out.Body.Labels = append(out.Body.Labels, newSavedLabel(l, x.Store.Model()))
			}
			for _, err := range failed {
				out.Body.Failed = append(out.Body.Failed, err.Error())
			}
			return out, nil
		})
	register(s, api, operation{ID: "save-label", Method: http.MethodPost, Path: "/labels", Tag: "labels", Summary: "Save a label made of pictures"},
		func(ctx context.Context, in *struct{ Body LabelSave }) (*struct{ Body SavedLabel }, error) {
			x, release, err := s.source.acquire(ctx)
			if err != nil {
				return nil, err
			}
			defer release()
			name := strings.TrimPrefix(in.Body.Name, "#")
			if err := saved.CheckName(name); err != nil {
				return nil, err
			}
			l, err := x.Service.SaveLabel(ctx, name, query.Examples{Like: in.Body.Like, Unlike: in.Body.Unlike}, saved.Replace(in.Body.Replace), time.Now())
			if err != nil {
				return nil, err
			}
			return &struct{ Body SavedLabel }{newSavedLabel(*l, x.Store.Model())}, nil
		})
	register(s, api, operation{ID: "bundled-lists", Method: http.MethodGet, Path: "/lists", Tag: "labels", Summary: "The label lists that ship with the program"},
		func(context.Context, *struct{}) (*ListsOutput, error) {
			all, err := label.Bundled()
			if err != nil {
				return nil, err
			}
			out := &ListsOutput{}
			out.Body.Lists = all
			return out, nil
		})
	type nameInput struct {
		Name string `path:"name" maxLength:"100"`
	}
	register(s, api, operation{ID: "delete-label", Method: http.MethodDelete, Path: "/labels/{name}", Tag: "labels", Summary: "Remove a saved label", Status: http.StatusNoContent},
		func(ctx context.Context, in *nameInput) (*struct{}, error) {
			x, release, err := s.source.acquire(ctx)
			if err != nil {
				return nil, err
			}
			defer release()
			if err := x.Labels.Remove(ctx, in.Name); err != nil {
				p := apiProblem(err)
				if p.Status == http.StatusBadRequest {
					p = newProblem(http.StatusNotFound, kindMissing, err.Error(), "GET /labels lists them")
				}
				return nil, p
			}
			return nil, nil
		})
}
