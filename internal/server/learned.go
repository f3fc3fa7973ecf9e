package server

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/corrections"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Learned is what corrections do to a label of a run, as search tag --json has it.
type Learned struct {
	Label           string  `json:"label"`
	Approved        int     `json:"approved"`
	Rejected        int     `json:"rejected"`
	ThresholdBefore float32 `json:"threshold_before" doc:"The least probability, without what was learned"`
	ThresholdAfter  float32 `json:"threshold_after" doc:"What that amounts to now"`
}

// learn takes what people said of a list's labels to its classifier, as search tag does.
func learn(ctx context.Context, st store.Store, c *zeroshot.Classifier, minimum float32) (*tagging.Learned, error) {
	docs, err := app.Documents(st)
	if err != nil { // nobody can have said anything there: corrections need documents too
		return &tagging.Learned{Classifier: c}, nil
	}
	return tagging.Learn(ctx, st, c, corrections.Open(docs), minimum)
}

func learnedOf(l *tagging.Learned) []Learned {
	out := []Learned{}
	for _, x := range l.Labels {
		out = append(out, Learned{l.List().Labels[x.Label].Name, x.Approved, x.Rejected, x.Before, x.After})
	}
	return out
}

// tryThresholds returns a classifier with other thresholds, by the names of labels. 0 takes
// a label's own away.
func tryThresholds(l *tagging.Learned, minimum float32, thresholds map[string]float32) (*zeroshot.Classifier, error) {
	names := l.List().Names()
	places := make(map[string]int, len(names))
	for i, name := range names {
		places[label.Fold(name)] = i
	}
	var adjustments []zeroshot.Adjustment
	for _, name := range slices.Sorted(maps.Keys(thresholds)) {
		p := thresholds[name]
		i, ok := places[label.Fold(strings.TrimSpace(name))]
		if !ok {
			hint := ""
			if near := spelling.Nearest(name, names); len(near) > 0 {
				hint = "did you mean " + spelling.Or(near) + "?"
			}
			return nil, newProblem(http.StatusBadRequest, "usage", fmt.Sprintf("a threshold for %q, which is no label of the list", label.Shorten(name)), hint)
		}
		if !(p >= 0 && p <= 1) {
			return nil, newProblem(http.StatusBadRequest, "usage", fmt.Sprintf("the threshold %g of %q is no probability", p, label.Shorten(name)), "above 0, at most 1, or 0 for none")
		}
		adjustments = append(adjustments, zeroshot.Adjustment{Label: i, Threshold: cmp.Or(p, minimum)})
	}
	return l.Adjusted(adjustments)
}

// ThresholdRequest sets the least probability of a label.
type ThresholdRequest struct {
	Label       string  `json:"label" minLength:"1" maxLength:"1000"`
	Probability float32 `json:"probability" minimum:"0" maximum:"1" doc:"0 for none of its own"`
}

func (s *Server) registerThresholds(api huma.API) {
	register(s, api, operation{
		ID: "set-threshold", Method: http.MethodPost, Path: "/thresholds", Tag: "tags", Summary: "Set the least probability of a label, for the model of the index",
		Description: "Later runs take it, those of the command line too; GET /corrections lists them. A dry run with thresholds shows what one would change.",
	}, func(ctx context.Context, in *struct{ Body ThresholdRequest }) (*struct{ Body ThresholdRequest }, error) {
		name := strings.TrimSpace(in.Body.Label)
		if err := label.CheckText(name, "label", 4*label.MaxNameRunes); err != nil {
			return nil, newProblem(http.StatusBadRequest, "usage", err.Error(), "")
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
		desk := corrections.NewDesk(corrections.Open(docs), st, "", time.Now)
		if in.Body.Probability == 0 {
			err = desk.SetThreshold(ctx, name, nil)
		} else {
			err = desk.Limit(ctx, name, in.Body.Probability)
		}
		in.Body.Label = name
		return &struct{ Body ThresholdRequest }{in.Body}, err
	})
}
