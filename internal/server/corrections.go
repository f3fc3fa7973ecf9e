package server

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging/corrections"
)

// CorrectionRequest says that a label is right or wrong on pictures.
type CorrectionRequest struct {
	Label   string   `json:"label" minLength:"1" maxLength:"1000"`
	IDs     []string `json:"ids" minItems:"1" maxItems:"1000" doc:"Ids of pictures"`
	Verdict string   `json:"verdict" enum:"approved,rejected,withdrawn" doc:"The pictures show it; they do not; or what was said before is taken back"`
}

// CorrectionOutput says what a correction came to.
type CorrectionOutput struct {
	Body struct {
		Pictures int `json:"pictures" doc:"Of the index that it is about, copies among them"`
		InFile   int `json:"in_file" doc:"Pictures that keep a rejected label, since it is a keyword of the file itself"`
	}
}

// CorrectedLabel is what was said of a label, as search tag --corrections has it.
type CorrectedLabel struct {
	Label     string  `json:"label"`
	Approved  int     `json:"approved"`
	Rejected  int     `json:"rejected"`
	Threshold float32 `json:"threshold,omitempty" doc:"The least probability, where one was set for the model of the index"`
}

// CorrectionsOutput lists what was corrected.
type CorrectionsOutput struct {
	Body struct {
		Labels []CorrectedLabel `json:"labels"`
	}
}

func (s *Server) registerCorrections(api huma.API) {
	register(s, api, operation{Method: http.MethodGet, Path: "/corrections", Tag: "tags", Summary: "What people have said of labels"},
		func(ctx context.Context, _ *struct{}) (*CorrectionsOutput, error) { return s.corrections(ctx) })
	register(s, api, operation{
		ID: "correct", Method: http.MethodPost, Path: "/corrections", Tag: "tags", Summary: "Say that a label is right or wrong on pictures",
		Description: "Their tags are changed at once, and so are those of their copies; later runs learn from it.",
	}, func(ctx context.Context, in *struct{ Body CorrectionRequest }) (*CorrectionOutput, error) {
		return s.correct(ctx, in.Body)
	})
}

func (s *Server) corrections(ctx context.Context) (*CorrectionsOutput, error) {
	x, release, err := s.source.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	docs, err := app.Documents(x.Store)
	if err != nil {
		return nil, noCorrections(err)
	}
	labels, err := corrections.Open(docs).Labels(ctx)
	if err != nil {
		return nil, err
	}
	out := &CorrectionsOutput{}
	out.Body.Labels = []CorrectedLabel{}
	for i := range labels {
		l := CorrectedLabel{Label: labels[i].Name}
		l.Approved, l.Rejected = labels[i].Count()
		if t := labels[i].Threshold; t != nil && t.Model == x.Store.Model().Fingerprint {
			l.Threshold = t.Probability
		}
		out.Body.Labels = append(out.Body.Labels, l)
	}
	return out, nil
}

// noCorrections says that the store cannot keep any.
func noCorrections(err error) error {
	return newProblem(http.StatusNotFound, kindMissing, err.Error(), "the embedded store keeps them")
}

func (s *Server) correct(ctx context.Context, in CorrectionRequest) (*CorrectionOutput, error) {
	name := strings.TrimSpace(in.Label)
	if err := label.CheckText(name, "label", 4*label.MaxNameRunes); err != nil {
		return nil, newProblem(http.StatusBadRequest, "usage", err.Error(), "")
	}
	ids := slices.Clone(in.IDs)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) == 0 {
		return nil, newProblem(http.StatusBadRequest, "usage", "there is no picture to correct", "give ids")
	}
	st, err := s.options.Opener.OpenWriter(ctx)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	docs, err := app.Documents(st)
	if err != nil {
		return nil, noCorrections(err)
	}
	records, err := st.Get(ctx, ids)
	if err != nil {
		return nil, err
	}
	if len(records) < len(ids) { // all of them before the first change
		there := make(map[string]bool)
		for _, r := range records {
			there[r.ID] = true
		}
		for _, id := range ids {
			if !there[id] {
				return nil, fmt.Errorf("%w: %s", store.ErrNotFound, id)
			}
		}
	}
	verdict := corrections.Verdict(in.Verdict)
	if in.Verdict == "withdrawn" {
		verdict = ""
	}
	// Who it was is not known by name: tokens have none.
	desk := corrections.NewDesk(corrections.Open(docs), st, "", time.Now)
	out := &CorrectionOutput{}
	defer s.facets.forget()
	for i := range records {
		done, err := desk.Say(ctx, name, &records[i], verdict)
		if err != nil {
			return nil, err
		}
		out.Body.Pictures += done.Pictures
		if done.InFile {
			out.Body.InFile++
		}
	}
	return out, st.Flush(ctx)
}
