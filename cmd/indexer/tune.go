package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
)

func tuneCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "tune",
		Usage: "measure how this machine embeds pictures fastest, and remember it",
		Description: `Tries a few numbers of calls at once, threads per call and pictures per call with the
model, on pictures of noise, in less than a minute. indexer run takes what was fastest,
unless the settings or its own flags say otherwise, until the model, the processor or
ONNX Runtime changes. What runs beside it disturbs the measurement.

   indexer tune                                          the index's own model
   indexer tune --model Xenova/clip-vit-base-patch32     another one
   indexer tune --dry-run                                measure only, remember nothing`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Usage: "measure only, remember nothing"},
			&cli.Float64Flag{Name: "seconds", Usage: "measure each way twice for `S` seconds", Value: 3},
		}),
		Action: func(c *cli.Context) error {
			const least, most = 0.01, 3600.0
			if s := c.Float64("seconds"); !(s >= least && s <= most) { // nor NaN
				return fault.Usagef("", "--seconds is %g; it must be between %g and %g", s, least, most)
			}
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			if !c.Bool("dry-run") {
				if err := p.CheckTuning(cfg); err != nil {
					return err
				}
			}
			return tuneModel(c, p, cfg)
		},
	}
}

func tuneModel(c *cli.Context, p *cmdline.Program, cfg config.Config) error {
	tuned, err := p.TuneEmbedding(c.Context, cfg, time.Duration(c.Float64("seconds")*float64(time.Second)))
	if err != nil {
		return err
	}
	if c.Bool("json") {
		for _, r := range tuned.Rows {
			p.PrintJSON(r)
		}
	} else {
		printTuning(p, tuned)
	}
	if c.Bool("dry-run") {
		return nil
	}
	path, err := p.SaveEmbedChoice(cfg, tuned.Fingerprint, tuned.Best())
	if err != nil {
		return err
	}
	p.Notef("remembered in %s", terminal.Safe(path))
	return nil
}

func printTuning(p *cmdline.Program, t app.Tuned) {
	p.Printf("%s\n%8s %8s %8s %12s\n", t.Model, "at once", "threads", "batch", "pictures/s")
	for _, r := range t.Rows {
		note := ""
		if r.Chosen {
			note = "  chosen"
		}
		p.Printf("%8d %8d %8d %12s%s\n", r.Workers, r.Threads, r.BatchSize, fmt.Sprintf("%.1f", r.Rate), note)
	}
}
