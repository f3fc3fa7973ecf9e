package app

import (
	"context"
	"errors"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/measure/agreement"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Comparison says what two variants of a model are compared on.
type Comparison struct {
	Against string // precision of the reference
	Photos  string // folder of pictures; "" means those of the index
	Sample  int    // how many of them, at most
}

// VariantReport is how far the variant that the settings name agrees with another.
type VariantReport struct {
	Model     string `json:"model"`
	Precision string `json:"precision"`
	Against   string `json:"against"`
	agreement.Report
}

// bestOfText is how many of the best pictures of a text are compared.
const bestOfText = 10

const advisePhotos = "--photos PATH names a folder of pictures"

// CompareVariants measures how far two variants of the model that the settings name
// agree.
func (e *Env) CompareVariants(ctx context.Context, cfg config.Config, o Comparison) (VariantReport, error) {
	pictures, err := e.sample(ctx, cfg, o)
	if err != nil {
		return VariantReport{}, err
	}
	if cfg, err = e.AdoptModel(ctx, cfg); err != nil {
		return VariantReport{}, err
	}
	other := cfg
	other.Precision = o.Against
	var open [2]clip.Encoder
	for i, s := range []config.Config{cfg, other} {
		if open[i], err = e.OpenEncoder(ctx, s, ManyFiles); err != nil {
			return VariantReport{}, err
		}
		defer open[i].Close()
	}
	variant, reference := open[0].Spec(), open[1].Spec()
	if variant.Precision == reference.Precision {
		return VariantReport{}, fault.Usagef("choose another variant with --precision", "%s would be compared with itself", variant.Precision)
	}
	report, err := agreement.Compare(ctx, open[0], open[1], agreement.Input{
		Pictures: pictures, Texts: zeroshot.BackgroundPrompts(), Limits: Limits(cfg), K: bestOfText, Batch: cfg.Index.BatchSize, Log: e.Log,
	})
	if errors.Is(err, agreement.ErrNothing) {
		return VariantReport{}, &fault.Error{Err: err, Kind: fault.Fatal, Advice: advisePhotos}
	}
	return VariantReport{Model: variant.Name, Precision: variant.Precision, Against: reference.Precision, Report: report}, err
}

// sample draws pictures from a folder or from the index.
func (e *Env) sample(ctx context.Context, cfg config.Config, o Comparison) ([]string, error) {
	if o.Photos != "" {
		return agreement.SampleFolder(ctx, o.Photos, o.Sample)
	}
	st, err := e.OpenStore(ctx, cfg, store.ReadOnly, store.Model{})
	if errors.Is(err, store.ErrNoIndex) {
		return nil, &fault.Error{Err: err, Kind: fault.Fatal, Advice: advisePhotos}
	} else if err != nil {
		return nil, err
	}
	defer st.Close()
	return agreement.SampleIndex(ctx, st, o.Sample)
}
