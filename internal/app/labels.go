package app

import (
	"context"
	"path/filepath"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Labelling says how a label list is made ready for a model. The zero value means the
// built-in texts and the model's own calibration.
type Labelling struct {
	Templates   []string          // prompt templates; nil for the built-in ones
	Background  []string          // background prompts; nil for the built-in ones
	Calibration string            // what zeroshot.NewCalibration takes
	Engine      Engine            // of large products; nil for one without ONNX Runtime
	Observer    zeroshot.Observer // of the texts that are embedded; nil for nobody
	// Prototypes are those of saved labels, by their place in the list: see ResolveLabels.
	Prototypes map[int]zeroshot.Prototype
}

// Classifier embeds labels with a model, or takes their embeddings from the cache of this
// user. The error is zeroshot.ErrCalibration where there is no such calibration.
func (e *Env) Classifier(ctx context.Context, enc clip.Encoder, list *label.List, l Labelling) (*zeroshot.Classifier, error) {
	for i := range list.Labels {
		if name := list.Labels[i].Name; tagging.IsSaved(name) {
			return nil, fault.Usagef("search tag and search tag review take saved labels", "%s is a label made of pictures of an index, and only words are compared here", label.Shorten(name))
		}
	}
	calibration, err := zeroshot.NewCalibration(l.Calibration, enc.Spec())
	if err != nil {
		return nil, err
	}
	o := zeroshot.Options{Prototypes: l.Prototypes, Templates: l.Templates, Background: l.Background, Calibration: calibration, Observer: l.Observer, Log: e.Log}
	if l.Engine != nil {
		o.Engine, o.Codes = l.Engine, l.Engine
	}
	if dir := config.DefaultCache(e.Getenv); dir != "" {
		o.Cache = zeroshot.OpenCache(filepath.Join(dir, "labels"))
	}
	return zeroshot.Prepare(ctx, enc, list, o)
}

// ResolveLabels finds the saved labels (#NAME) of a list in an index. It returns the list
// with their names, and how it is made ready.
func (e *Env) ResolveLabels(ctx context.Context, cfg config.Config, open *Open, list *label.List, l Labelling) (*label.List, Labelling, error) {
	out, prototypes, err := tagging.ResolveSaved(ctx, open.Store, list, func(name string) (tagging.SavedLabel, error) {
		labels, err := Labels(ctx, cfg, open.Store)
		if err != nil {
			return tagging.SavedLabel{}, err
		}
		s, err := labels.Load(ctx, name)
		if err != nil {
			return tagging.SavedLabel{}, err
		}
		v, err := s.VectorFor(open.Store.Model())
		if err != nil {
			return tagging.SavedLabel{}, err
		}
		x := tagging.SavedLabel{Vector: v}
		for _, path := range s.Like {
			x.Like = append(x.Like, store.ID(store.IDSpace(open.Store, cfg.Collection), path))
		}
		return x, nil
	})
	l.Prototypes = prototypes
	return out, l, err
}
