package app

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sightline/sightline/internal/clip/hub"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/measure/tune"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// modelForNew is the model of a new index, where the settings name none: the default of
// the settings, else one that was fetched, else starter.
func (e *Env) modelForNew(cfg config.Config) string {
	return cmp.Or(cfg.DefaultModel, e.fetchedModel(cfg), StarterModel)
}

// fetchedModel is the model that a person has fetched, of several the one that is
// recommended first; "" for none.
func (e *Env) fetchedModel(cfg config.Config) string {
	if cfg.Models == "" {
		return ""
	}
	installed, err := hub.List(cfg.Models)
	if err != nil && len(installed) == 0 {
		return ""
	}
	var names []string
	for _, m := range installed {
		if m.Name != StarterModel {
			names = append(names, m.Name)
		}
	}
	for _, k := range hub.Known() {
		if slices.Contains(names, k.Name) {
			return k.Name
		}
	}
	if len(names) == 0 {
		return ""
	}
	return slices.Min(names)
}

// ModelIsOpen reports whether nothing says which model a new index shall have, so that a
// person may be asked: there is no index, the settings name no model, and none was fetched.
func (e *Env) ModelIsOpen(ctx context.Context, cfg config.Config) (bool, error) {
	if cfg.Model != "" || cfg.DefaultModel != "" || e.fetchedModel(cfg) != "" {
		return false, nil
	}
	st, err := e.OpenStore(ctx, cfg, store.ReadOnly, store.Model{})
	if errors.Is(err, store.ErrNoIndex) {
		return true, nil
	} else if err != nil {
		return false, err
	}
	return false, st.Close()
}

// Estimate is what indexing pictures will take on this machine.
type Estimate struct {
	Pictures int64
	More     bool          // there are more: counting was cut short
	Starter  time.Duration // with the starter model
	CLIP     time.Duration // with hub.DefaultModel in int8
}

// How long measuring takes at most, and on how much it rests.
const (
	countFor   = 2 * time.Second
	embedFor   = 400 * time.Millisecond
	sampled    = 4   // pictures that are decoded
	clipWeight = 2.5 // work of ViT-B/32 in int8 per picture, of the starter's: docs/benchmarks.md
	sampleSide = 224 // pixels
	mostCount  = 1e7 // pictures that are counted
)

// EstimateRun measures what indexing the pictures below paths will take: it counts files,
// decodes a few, and embeds noise with the starter model for a moment.
func (e *Env) EstimateRun(ctx context.Context, cfg config.Config, paths []string) (Estimate, error) {
	o, err := IndexOptions(cfg)
	if err != nil {
		return Estimate{}, err
	}
	var est Estimate
	var files []string
	began := time.Now()
	for entry, err := range walk.Walk(ctx, paths, o.Walk) {
		if err != nil {
			continue // the run tells it
		}
		est.Pictures++
		if len(files) < sampled {
			files = append(files, entry.Path)
		}
		if time.Since(began) > countFor || est.Pictures >= mostCount {
			est.More = true
			break
		}
	}
	if err := ctx.Err(); err != nil || est.Pictures == 0 {
		return est, err
	}
	var decoding time.Duration // of one picture
	for _, f := range files {
		began := time.Now()
		if _, err := imaging.Thumbnail(f, sampleSide); err == nil {
			decoding += time.Since(began)
		}
	}
	decoding /= time.Duration(len(files))
	cfg.Model = StarterModel
	rows, err := tune.Find(ctx, []tune.Choice{tune.Default(Cores())}, embedFor, func(int) (tune.Model, error) {
		return e.OpenEncoder(ctx, cfg, ManyFiles)
	})
	if err != nil {
		return est, err
	}
	each := time.Duration(float64(time.Second) / max(rows[0].Rate, 0.01)) // on all cores
	decoding /= time.Duration(Cores())
	est.Starter = time.Duration(est.Pictures) * (decoding + each)
	est.CLIP = time.Duration(est.Pictures) * (decoding + time.Duration(clipWeight*float64(each)))
	return est, nil
}

// FetchModel brings a model of the hub into the folder of models, unless it is there, and
// returns its name.
func (e *Env) FetchModel(ctx context.Context, cfg config.Config, name, precision string, observer hub.Observer) (string, error) {
	if m, err := e.FindModel(cfg, name); err == nil {
		return m.Name, nil
	}
	b, err := e.FetchBundle(ctx, cfg, hub.FetchRequest{Repo: name, Precision: precision, Observer: observer})
	return b.Name, err
}

// FetchBundle brings a model of the hub in one precision into the folder of models; its
// Dir is filled in.
func (e *Env) FetchBundle(ctx context.Context, cfg config.Config, req hub.FetchRequest) (hub.Bundle, error) {
	if cfg.Models == "" {
		return hub.Bundle{}, fault.Usagef("give --models DIR, or set HOME or XDG_DATA_HOME", "there is no folder for models")
	}
	if err := e.CheckModelName(cfg, req.Repo); err != nil {
		return hub.Bundle{}, err
	}
	o := hub.OptionsFromEnv(e.Getenv)
	o.Log = e.Log
	client, err := hub.New(o)
	if err != nil {
		return hub.Bundle{}, err
	}
	req.Dir = cfg.Models
	b, err := client.Fetch(ctx, req)
	if err != nil {
		return hub.Bundle{}, e.notOnHub(cfg, req.Repo, err)
	}
	return b, nil
}
