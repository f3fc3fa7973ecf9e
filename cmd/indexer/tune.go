package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/measure/tune"
	"github.com/sightline/sightline/internal/terminal"
)

func tuneCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "tune",
		Usage: "measure how this machine embeds pictures fastest, and remember it",
		Description: `Tries a few numbers of calls at once, threads a call and pictures a call with the
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
			if c.NArg() > 0 {
				return fault.Usagef("for example: indexer tune --dry-run", "indexer tune takes no arguments")
			}
			if c.Float64("seconds") <= 0 {
				return fault.Usagef("", "--seconds is %g; it must be more than 0", c.Float64("seconds"))
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

// measured is a choice with the better of its two rates.
type measured struct {
	tune.Choice
	Rate   float64 `json:"pictures_per_second"`
	Chosen bool    `json:"chosen"`
}

func tuneModel(c *cli.Context, p *cmdline.Program, cfg config.Config) error {
	var rows []measured
	var name, fingerprint string
	each := time.Duration(c.Float64("seconds") * float64(time.Second))
	for _, same := range byThreads(tune.Candidates(app.Cores())) {
		cfg.Index.EmbedThreads = same[0].Threads
		enc, err := p.OpenModel(c.Context, cfg, app.ManyFiles)
		if err != nil {
			return err
		}
		name, fingerprint = enc.Spec().Name, enc.Spec().Fingerprint
		found, err := measureAll(c.Context, enc, same, each)
		if err == nil {
			err = enc.Close()
		}
		if err != nil {
			return err
		}
		rows = append(rows, found...)
	}
	rates := make([]float64, len(rows))
	for i, r := range rows {
		rates[i] = r.Rate
	}
	best := tune.Best(rates)
	rows[best].Chosen = true
	printTuning(p, c.Bool("json"), name, rows)
	if c.Bool("dry-run") {
		return nil
	}
	path, err := p.SaveEmbedChoice(cfg, fingerprint, rows[best].Choice)
	if err != nil {
		return err
	}
	p.Notef("remembered in %s", terminal.Safe(path))
	return nil
}

// byThreads groups choices that one encoder can serve.
func byThreads(choices []tune.Choice) [][]tune.Choice {
	var groups [][]tune.Choice
	for _, c := range choices {
		if n := len(groups); n > 0 && groups[n-1][0].Threads == c.Threads {
			groups[n-1] = append(groups[n-1], c)
		} else {
			groups = append(groups, []tune.Choice{c})
		}
	}
	return groups
}

// measureAll measures each choice twice, in turn, since the speed of a machine drifts,
// and keeps the better.
func measureAll(ctx context.Context, e tune.Embedder, choices []tune.Choice, each time.Duration) ([]measured, error) {
	rows := make([]measured, len(choices))
	for range 2 {
		for i, c := range choices {
			rate, err := tune.Measure(ctx, e, c, each)
			if err != nil {
				return nil, err
			}
			rows[i] = measured{Choice: c, Rate: max(rate, rows[i].Rate)}
		}
	}
	return rows, nil
}

func printTuning(p *cmdline.Program, asJSON bool, name string, rows []measured) {
	if asJSON {
		for _, r := range rows {
			line, _ := json.Marshal(r) // numbers always marshal
			p.Printf("%s\n", line)
		}
		return
	}
	p.Printf("%s\n%8s %8s %8s %12s\n", name, "at once", "threads", "batch", "pictures/s")
	for _, r := range rows {
		note := ""
		if r.Chosen {
			note = "  chosen"
		}
		p.Printf("%8d %8d %8d %12s%s\n", r.Workers, r.Threads, r.BatchSize, fmt.Sprintf("%.1f", r.Rate), note)
	}
}
