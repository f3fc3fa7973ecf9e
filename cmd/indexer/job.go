package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/walk"
)

// pipelineFlags tune the pipeline; their defaults fit nearly every machine.
func pipelineFlags() []cli.Flag {
	const category = "Tuning"
	return []cli.Flag{
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "also say where the time went", Category: "Output"},
		&cli.IntFlag{Name: "workers", Usage: "read and decode `N` files at once", DefaultText: "one per core", Category: category},
		&cli.IntFlag{Name: "embed-workers", Usage: "embed `N` batches at once", DefaultText: "one per core, or as tuned", Category: category},
		&cli.IntFlag{Name: "embed-threads", Usage: "`N` threads per batch", DefaultText: "1, or as tuned", Category: category},
		&cli.IntFlag{Name: "batch-size", Usage: "`N` pictures per batch", DefaultText: "8, or as tuned", Category: category},
		&cli.Int64Flag{Name: "max-pixels", Usage: "refuse pictures of more than `N` pixels", DefaultText: "500 million", Category: category},
		&cli.Int64Flag{Name: "max-bytes", Usage: "refuse files of more than `N` bytes", DefaultText: "2 GiB", Category: category},
		&cli.Int64Flag{Name: "max-memory", Usage: "refuse pictures that take more than `N` bytes of memory to decode", DefaultText: "800 MiB", Category: category},
	}
}

// runJob opens the index, does what was asked for, and reports.
func runJob(c *cli.Context, p *cmdline.Program, r app.IndexRequest) error {
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	if r.Work == app.Update {
		if cfg, err = chooseModel(c, p, cfg, r.Paths); err != nil {
			return err
		}
	}
	return runJobWith(c, p, cfg, r)
}

// runJobWith is runJob with settings that are at hand.
func runJobWith(c *cli.Context, p *cmdline.Program, cfg config.Config, r app.IndexRequest) error {
	list := func(walk.Skip) {}
	if c.Bool("list-skipped") {
		r.Skipped = func(k walk.Skip) { list(k) }
	}
	job, err := p.OpenIndexJob(c.Context, cfg, r)
	if err != nil {
		return err
	}
	defer job.Close()
	reporter, err := reporterFor(c, p)
	if err != nil {
		return err
	}
	defer reporter.Close()
	reporter.Verb("indexed") // what has only moved is not embedded again
	var observer index.Observer = reporter
	list = skippedLister(p, reporter, c.Bool("json"))
	if c.Bool("json") {
		lines := &failureLines{Observer: reporter, p: p}
		observer, list = lines, lines.alsoFor(list)
	}
	out, err := job.Run(c.Context, observer)
	reporter.Close()
	if err != nil {
		return err
	}
	if c.Bool("json") {
		printReportJSON(p, out.Report, out.Switched)
	} else {
		printReport(p, out.Report, c.Args().Slice(), c.Bool("verbose"))
		if out.Notice != "" && p.FirstTime(out.Notice) && !p.Asked() { // the question said it
			p.Printf("note: %s\n", out.Notice)
		}
	}
	printBadIgnores(p, out.BadIgnores)
	if r.Work == app.RebuildIndex {
		printSwitch(c, p, out.Switched)
	}
	printRefusals(p, out.Refusals)
	return out.Err()
}
