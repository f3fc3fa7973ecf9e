package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/clip/hub"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
)

// What is offered beside the starter model: a sixth of the bytes of fp32, and several
// times as fast.
const offeredPrecision = "quantized"

// chooseModel asks once which model a new index shall have, where nothing says it and
// somebody sits there to answer, and remembers the answer in the settings.
func chooseModel(c *cli.Context, p *cmdline.Program, cfg config.Config, paths []string) (config.Config, error) {
	if c.Bool("json") || !p.CanAsk() || hub.OptionsFromEnv(p.Getenv).Offline {
		return cfg, nil
	}
	open, err := p.ModelIsOpen(c.Context, cfg)
	if err != nil || !open {
		return cfg, err
	}
	p.Notef("Looking at the pictures, and how fast this machine is ...")
	est, err := p.EstimateRun(c.Context, cfg, paths)
	if err != nil {
		return cfg, err
	}
	if est.Pictures == 0 && c.Command.Name == "watch" {
		return cfg, nil // they may still come
	}
	if est.Pictures == 0 {
		// An empty index would have the starter, and nobody would be asked any more.
		return cfg, fault.Advise("check the path, and that its disk is mounted; with --model starter an empty index is made all the same",
			"there is no picture below %s, and no index yet", terminal.Safe(strings.Join(paths, ", ")))
	}
	chosen, err := p.Choose(question(est), 2, 1)
	if err != nil {
		return cfg, err
	}
	cfg.DefaultModel = app.StarterModel
	if chosen == 1 {
		name, err := fetchFor(c, p, cfg, hub.DefaultModel, offeredPrecision)
		if err != nil && c.Context.Err() != nil {
			return cfg, err
		} else if err != nil {
			p.Notef("note: CLIP could not be fetched, so the starter model is taken: %s; indexer model use %s changes to it later",
				terminal.Safe(fault.Words(err)), hub.DefaultModel)
			return cfg, nil // and it is asked again for the next index
		}
		cfg.DefaultModel = name
	}
	return cfg, rememberModel(c, p, cfg.DefaultModel)
}

// question is what is asked.
func question(est app.Estimate) string {
	pictures := humanize.Comma(est.Pictures)
	if est.More {
		pictures = "more than " + pictures
	}
	size := 0.0
	for _, k := range hub.Known() {
		for _, s := range k.Sizes {
			if k.Name == hub.DefaultModel && s.Precision == offeredPrecision {
				size = s.VisionMB + s.TextMB
			}
		}
	}
	return fmt.Sprintf(`Which model shall find your %s pictures?
   1  CLIP ViT-B/32, int8: %.0f MB to fetch, then %s on this machine
   2  starter: is here, %s; knows about a thousand kinds of things, in English
indexer model use changes it at any time.`, pictures, size, aboutTime(est.CLIP), aboutTime(est.Starter))
}

// aboutTime is a duration as people say it.
func aboutTime(d time.Duration) string {
	switch {
	case d < 20*time.Second:
		return "a few seconds"
	case d < 100*time.Second:
		return "about a minute"
	case d < 90*time.Minute:
		return fmt.Sprintf("about %.0f minutes", max(2, d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("about %.0f hours", d.Hours())
	}
	return fmt.Sprintf("about %.0f days", d.Hours()/24)
}

// fetchFor brings a model, with its progress.
func fetchFor(c *cli.Context, p *cmdline.Program, cfg config.Config, name, precision string) (string, error) {
	reporter, err := reporterFor(c, p)
	if err != nil {
		return "", err
	}
	defer reporter.Close()
	return p.FetchModel(c.Context, cfg, name, precision, hubProgress(reporter))
}

// rememberModel keeps the model of new indexes in the settings.
func rememberModel(c *cli.Context, p *cmdline.Program, name string) error {
	file := p.ConfigFile(c)
	if file == "" {
		return nil // there is no folder for settings
	}
	if err := config.Remember(file, "default_model", name); err != nil {
		p.Notef("warning: the choice is not remembered: %s", terminal.Safe(fault.Words(err)))
		return nil
	}
	p.Notef("note: %s has default_model: %s now", terminal.Safe(file), terminal.Safe(name))
	return nil
}
