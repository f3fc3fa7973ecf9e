package main

import (
	"context"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/zeroshot"
)

// labelFlags say what to look for, and how texts are made of it.
func labelFlags() []cli.Flag {
	const category = "Labels"
	return []cli.Flag{
		&cli.StringFlag{Name: "labels", Usage: "labels divided by commas, or a text, CSV or YAML `FILE` of them", Category: category},
		&cli.StringSliceFlag{Name: "template", Usage: "put labels into `T`, such as \"a photo of a {}\"; ensemble for the built-in set; @FILE; repeatable", Category: category},
		&cli.StringFlag{Name: "calibration", Usage: "make probabilities of cosines by `auto|bank|contrast|cosine|sigmoid`; with :GAIN,OFFSET as search eval --labels finds them", DefaultText: "auto", Category: category},
		&cli.StringFlag{Name: "bank", Usage: "`FILE` of concepts that stand for \"none of these\"", DefaultText: "built in", Category: category},
	}
}

// readLabels reads what --labels names.
func readLabels(c *cli.Context) (*zeroshot.List, error) {
	spec := c.String("labels")
	if !c.IsSet("labels") {
		return nil, fault.Usagef("for example: --labels beach,dog,snow or --labels labels.txt", "%s needs --labels", c.Command.HelpName)
	}
	return zeroshot.LoadLabels(spec)
}

// labelling is how a list is made ready, as the flags say it.
type labelling struct {
	templates   []string
	bank        []string
	calibration string
	engine      app.Engine // for many pictures; nil leaves it to the classifier
}

func readLabelling(c *cli.Context) (labelling, error) {
	l := labelling{calibration: c.String("calibration")}
	for _, spec := range c.StringSlice("template") {
		t, err := zeroshot.Templates(spec)
		if err != nil {
			return l, err
		}
		l.templates = append(l.templates, t...)
	}
	if name := c.String("bank"); name != "" {
		var err error
		if l.bank, err = zeroshot.ReadBank(name); err != nil {
			return l, err
		}
	}
	return l, nil
}

// templatesOrDefault is what people are told that was used.
func (l labelling) templatesOrDefault() []string {
	if l.templates == nil {
		return zeroshot.DefaultTemplates()
	}
	return l.templates
}

// prepare embeds the labels with a model, or takes them from the cache.
func (l labelling) prepare(ctx context.Context, p *cmdline.Program, enc clip.Encoder, list *zeroshot.List) (*zeroshot.Classifier, error) {
	calibration, err := zeroshot.NewCalibration(l.calibration, enc.Spec())
	if err != nil {
		return nil, fault.Usagef("", "--calibration: %s", err)
	}
	o := zeroshot.Options{Templates: l.templates, Bank: l.bank, Calibration: calibration, Log: p.Log}
	if l.engine != nil {
		o.Engine, o.Codes = l.engine, l.engine
	}
	if dir := config.DefaultCache(p.Getenv); dir != "" {
		o.Cache = zeroshot.OpenCache(filepath.Join(dir, "labels"))
	}
	return zeroshot.Prepare(ctx, enc, list, o)
}
