package app

import (
	"context"
	"path/filepath"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Labelling says how a label list is made ready for a model. The zero value means the
// built-in texts and the model's own calibration.
type Labelling struct {
	Templates   []string // prompt templates; nil for the built-in ones
	Background  []string // background prompts; nil for the built-in ones
	Calibration string   // what zeroshot.NewCalibration takes
	Engine      Engine   // of large products; nil for one without ONNX Runtime
}

// Classifier embeds labels with a model, or takes their embeddings from the cache of this
// user. The error is zeroshot.ErrCalibration where there is no such calibration.
func (e *Env) Classifier(ctx context.Context, enc clip.Encoder, list *label.List, l Labelling) (*zeroshot.Classifier, error) {
	calibration, err := zeroshot.NewCalibration(l.Calibration, enc.Spec())
	if err != nil {
		return nil, err
	}
	o := zeroshot.Options{Templates: l.Templates, Background: l.Background, Calibration: calibration, Log: e.Log}
	if l.Engine != nil {
		o.Engine, o.Codes = l.Engine, l.Engine
	}
	if dir := config.DefaultCache(e.Getenv); dir != "" {
		o.Cache = zeroshot.OpenCache(filepath.Join(dir, "labels"))
	}
	return zeroshot.Prepare(ctx, enc, list, o)
}
