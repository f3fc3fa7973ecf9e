package main

import (
	"errors"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/measure/evaluate"
	"github.com/sightline/sightline/internal/measure/retrieval"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

// sampleAgainst is how many pictures are drawn where another model has to embed them.
const sampleAgainst = 500

// truthFlags measure by what is known of the pictures of an index.
func truthFlags() []cli.Flag {
	const category = "By what is known"
	return []cli.Flag{
		&cli.StringFlag{Name: "truth", Usage: "measure by a file of captions, the names of folders, or keywords and tags by a person (`captions|folders|tags`)", Category: category},
		&cli.IntFlag{Name: "sample", Usage: "draw at most `N` pictures, the same ones each time", DefaultText: "5000; 500 with --against", Category: category},
		&cli.StringSliceFlag{Name: "against", Usage: "compare with other settings on the same pictures: a `MODEL`, or KEY=VALUE of model, precision, pixels, template, calibration, min-probability; repeatable", Category: category},
		&cli.StringFlag{Name: "html", Usage: "write a page with pictures of the worst misses to an HTML `FILE`", Category: category},
	}
}

// evalTruth measures an index by what is known of its pictures.
func evalTruth(c *cli.Context, p *cmdline.Program) error {
	truth := evaluate.Truth(c.String("truth"))
	switch truth {
	case "":
		truth = evaluate.Captions
	case evaluate.Captions, evaluate.Folders, evaluate.Tags:
	default:
		return fault.Usagef("", "--truth is %q; it can be captions, folders or tags", string(truth))
	}
	if (truth == evaluate.Captions) != c.IsSet("captions") {
		return fault.Usagef("for example: search eval --truth folders", "--captions FILE goes with --truth captions, and with no other")
	}
	sample := evaluate.DefaultSample
	if c.IsSet("against") {
		sample = sampleAgainst
	}
	if c.IsSet("sample") {
		if sample = c.Int("sample"); sample < 1 {
			return fault.Usagef("", "--sample is %d; it must be at least 1", sample)
		}
	}
	if err := errors.Join(checkProbability(c.Float64("min-probability")), checkHTML(c.String("html"))); err != nil {
		return err
	}
	one := app.Evaluation{Name: "the index"}
	var list *label.List
	var err error
	if c.IsSet("labels") {
		if list, err = readLabels(c); err != nil {
			return err
		}
	}
	if one.Labelling, err = readLabelling(c); err != nil {
		return err
	}
	if one.Config, err = p.Config(c); err != nil {
		return err
	}
	open, err := p.OpenIndex(c.Context, one.Config, store.ReadOnly, app.OneQuery)
	if err != nil {
		return err
	}
	defer open.Close()
	one.Config = withModel(one.Config, open)
	set, err := readTruth(c, open, truth, evaluate.Options{Sample: sample, List: list})
	if err != nil {
		return err
	}
	if one.List = list; list == nil && len(set.Labels) > 0 && truth != evaluate.Captions {
		if one.List, err = set.List(); err != nil {
			return err
		}
	}
	if one.List != nil {
		one.Minimum = leastProbability(c, one.List)
	}
	var other *app.Evaluation
	if c.IsSet("against") {
		v, err := one.Vary(c.StringSlice("against"))
		if err != nil {
			return err
		}
		other = &v
	}
	began := time.Now()
	r, err := p.Evaluate(c.Context, open, set, one, other, func(done, of int) {
		if done == 1 {
			p.Notef("embedding %s with the other model", cmdline.Count(int64(of), "picture", "pictures"))
		}
	})
	if err != nil {
		return err
	}
	p.Log.Debug("evaluated", "took", time.Since(began))
	if name := c.String("html"); name != "" {
		if err := writeEvalPage(c.Context, name, r, set); err != nil {
			return err
		}
		p.Notef("the page is in %s", terminal.Safe(name))
	}
	if c.Bool("json") {
		p.PrintJSON(r)
		return nil
	}
	writeEvaluation(p, r)
	return nil
}

// withModel names the model of an index in the settings, so that what is varied is one
// thing alone.
func withModel(cfg config.Config, open *app.Open) config.Config {
	spec := open.Encoder.Spec()
	if cfg.Model == "" {
		cfg.Model = spec.Name
	}
	if cfg.Precision == "" {
		cfg.Precision = spec.Precision
	}
	if cfg.Pixels == "" {
		cfg.Pixels = string(spec.Preprocess.Mode)
	}
	if cfg.Colour == "" {
		cfg.Colour = string(spec.Preprocess.Colour)
	}
	return cfg
}

func readTruth(c *cli.Context, open *app.Open, truth evaluate.Truth, o evaluate.Options) (*evaluate.Set, error) {
	if truth != evaluate.Captions {
		return evaluate.FromIndex(c.Context, open.Store, truth, o)
	}
	captions, err := retrieval.ReadCaptionsFile(c.String("captions"))
	if err != nil {
		return nil, err
	}
	return evaluate.FromCaptions(c.Context, open.Store, captions, o)
}
