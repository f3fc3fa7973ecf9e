package app

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/measure/evaluate"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Evaluation says how a set of pictures is measured.
type Evaluation struct {
	Name      string // for people
	Config    config.Config
	Labelling Labelling
	List      *label.List // nil where no labels are measured
	Queries   []string    // templates that queries are put into; nil for queries as they are
	Minimum   float32     // least probability of a tag
}

// Vary returns an evaluation with other settings: KEY=VALUE, or the name of a model alone.
func (v Evaluation) Vary(settings []string) (Evaluation, error) {
	v.Name = strings.Join(settings, " ")
	v.Labelling.Engine = nil // of another model's dimension
	var templates []string
	for _, s := range settings {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			key, value = "model", s
		}
		switch key {
		case "model":
			v.Config.Model, v.Config.Precision = value, ""
		case "precision":
			v.Config.Precision = value
		case "pixels":
			if v.Config.Pixels = value; value != "fast" && value != "exact" {
				return v, fault.Usagef("", "--against pixels=%s; it can be fast or exact", value)
			}
		case "template":
			t, err := zeroshot.Templates(value)
			if err != nil {
				return v, err
			}
			templates = append(templates, t...)
		case "calibration":
			v.Labelling.Calibration = value
		case "min-probability":
			p, err := strconv.ParseFloat(value, 32)
			if err != nil || !(p >= 0 && p <= 1) {
				return v, fault.Usagef("a probability lies between 0 and 1", "--against min-probability=%s", value)
			}
			v.Minimum = float32(p)
		default:
			return v, fault.Usagef("there are model, precision, pixels, template, calibration and min-probability", "--against has no setting %q", key)
		}
	}
	if templates != nil {
		v.Labelling.Templates, v.Queries = templates, templates
	}
	return v, nil
}

// EvaluationReport is what one or two evaluations of a set came to.
type EvaluationReport struct {
	Truth    evaluate.Truth        `json:"truth"`
	Pictures int                   `json:"pictures"`
	Known    int                   `json:"known"` // pictures that the truth says something of
	Missing  int                   `json:"missing,omitempty"`
	Unread   int                   `json:"unread,omitempty"` // files that the other model could not be shown
	Result   *evaluate.Result      `json:"result"`
	Misses   evaluate.Misses       `json:"misses"`
	Against  *evaluate.Result      `json:"against,omitempty"`
	Search   []evaluate.Difference `json:"difference,omitempty"`
	Labels   []evaluate.Difference `json:"difference_labelling,omitempty"`
}

// Evaluate measures a set as an index is, and where other is not nil by other settings
// too, on the same pictures. Where those mean another embedding, the files are read; told
// is called after each.
func (e *Env) Evaluate(ctx context.Context, open *Open, set *evaluate.Set, one Evaluation, other *Evaluation, told func(done, of int)) (*EvaluationReport, error) {
	r := &EvaluationReport{Truth: set.Truth, Known: set.Known, Missing: set.Missing}
	var enc clip.Encoder
	var vectors vec.Matrix
	if other != nil {
		var err error
		if enc, err = e.OpenEncoder(ctx, other.Config, ManyFiles); err != nil {
			return nil, err
		}
		defer enc.Close()
		if enc.Spec().Fingerprint != open.Encoder.Spec().Fingerprint {
			was := len(set.Pictures)
			if vectors, err = embedSet(ctx, enc, other.Config, set, told); err != nil {
				return nil, err
			}
			if r.Unread = was - len(set.Pictures); len(set.Queries) == 0 {
				return nil, fmt.Errorf("%w: none of the files could be read", evaluate.ErrTruth)
			}
		}
	}
	own, err := set.Vectors()
	if err != nil {
		return nil, err
	}
	r.Pictures = len(set.Pictures)
	if r.Result, err = e.measure(ctx, open.Encoder, own, set, one); err != nil {
		return nil, err
	}
	r.Misses = r.Result.Misses()
	if other == nil {
		return r, nil
	}
	if vectors.Rows == 0 {
		vectors = own
	}
	if r.Against, err = e.measure(ctx, enc, vectors, set, *other); err != nil {
		return nil, err
	}
	r.Search, r.Labels = r.Result.Compare(r.Against)
	return r, nil
}

func (e *Env) measure(ctx context.Context, enc clip.Encoder, vectors vec.Matrix, set *evaluate.Set, v Evaluation) (*evaluate.Result, error) {
	side := evaluate.Side{Name: v.Name, Encoder: enc, Vectors: vectors, Templates: v.Queries, Minimum: v.Minimum}
	if v.List != nil {
		var err error
		if side.Classifier, err = e.Classifier(ctx, enc, v.List, v.Labelling); err != nil {
			return nil, err
		}
	}
	return set.Measure(ctx, side)
}

// embedSet embeds the pictures of a set anew, from their files, and takes those out of the
// set that cannot be read.
func embedSet(ctx context.Context, enc clip.Encoder, cfg config.Config, set *evaluate.Set, told func(done, of int)) (vec.Matrix, error) {
	pictures := query.New(nil, enc, cfg.Collection, Limits(cfg))
	keep := make([]bool, len(set.Pictures))
	var rows [][]float32
	for i := range set.Pictures {
		if err := ctx.Err(); err != nil {
			return vec.Matrix{}, err
		}
		v, err := pictures.EmbedImage(ctx, set.Pictures[i].Path)
		if keep[i] = err == nil; keep[i] {
			rows = append(rows, v.Row(0))
		} else if ctx.Err() != nil { // it says nothing of the file
			return vec.Matrix{}, ctx.Err()
		}
		told(i+1, len(set.Pictures))
	}
	set.Keep(keep)
	if len(rows) == 0 {
		return vec.Matrix{}, nil
	}
	return vec.FromRows(rows...)
}
