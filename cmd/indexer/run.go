package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

func runCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "index the pictures below paths, or bring their index up to date",
		ArgsUsage: "PATH...",
		Description: `Only what is new or changed is embedded. Moved pictures are recognised by their
content; pictures that are gone are removed, unless more than a fifth of a path has
vanished at once, which looks like an unmounted disk (--force-prune insists).
Files that fail are listed with a reason and tried again when they change, or with
indexer retry. Ctrl-C finishes the batch in hand; the next run goes on from there.

--shard lets several indexers, on as many machines as there are, fill one collection:
each takes the files whose paths hash to its part, and prunes only those. They need
not know of each other. The embedded store takes one at a time, Milvus all at once.

--rebuild changes the model: a new index is built beside the one in use, over all of
its paths, and takes its place once it is whole. Searches go on meanwhile.

   indexer run ~/Pictures
   indexer run /mnt/photos /mnt/scans --db /srv/index
   indexer run ~/Pictures --ignore '*.tmp' --ignore 'cache/' --json
   indexer run /mnt/photos --store milvus --shard 1/4
   indexer run --rebuild --model Xenova/clip-vit-base-patch32`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), progressFlags(), pipelineFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "rebuild", Usage: "build the index for another model beside the one in use, then switch"},
			&cli.StringFlag{Name: "shard", Usage: "only the part `N/COUNT` of the files, by the hash of their paths"},
			&cli.BoolFlag{Name: "force-prune", Usage: "remove vanished pictures even if a whole path is gone"},
			&cli.BoolFlag{Name: "no-prune", Usage: "keep vanished pictures in the index"},
			&cli.StringFlag{Name: "raw", Usage: "cameras' RAW files: `twin|both|off`: one picture with the JPEG of the same name, one of their own, or passed over", DefaultText: "twin"},
			&cli.BoolFlag{Name: "hidden", Usage: "look at files and folders whose name starts with a dot"},
			&cli.BoolFlag{Name: "no-links", Usage: "pass symbolic links over"},
			&cli.StringSliceFlag{Name: "ignore", Usage: "pass over what matches `GLOB`; repeatable, as a line of a .sightlineignore file"},
		}),
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 && !c.Bool("rebuild") {
				return fault.Usagef("for example: indexer run ~/Pictures", "indexer run needs at least one path")
			}
			return indexing(c, p, func(ctx context.Context, x *index.Indexer, paths []string) (index.Report, error) {
				return x.Run(ctx, paths)
			})
		},
	}
}

func retryCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "retry",
		Usage: "try again the files that failed in earlier runs",
		Description: `   indexer status --failures      which files failed, and why
   indexer retry                  try them again`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), progressFlags(), pipelineFlags()),
		Action: func(c *cli.Context) error {
			return indexing(c, p, func(ctx context.Context, x *index.Indexer, _ []string) (index.Report, error) {
				return x.Retry(ctx)
			})
		},
	}
}

// pipelineFlags tune the pipeline; their defaults fit nearly every machine.
func pipelineFlags() []cli.Flag {
	const category = "Tuning"
	return []cli.Flag{
		&cli.IntFlag{Name: "workers", Usage: "read and decode `N` files at once", DefaultText: "one a core", Category: category},
		&cli.IntFlag{Name: "embed-workers", Usage: "embed `N` batches at once", DefaultText: "one a core, or as tuned", Category: category},
		&cli.IntFlag{Name: "embed-threads", Usage: "`N` threads a batch", DefaultText: "1, or as tuned", Category: category},
		&cli.IntFlag{Name: "batch-size", Usage: "`N` pictures a batch", DefaultText: "8, or as tuned", Category: category},
		&cli.Int64Flag{Name: "max-pixels", Usage: "refuse pictures of more than `N` pixels", DefaultText: "500 million", Category: category},
		&cli.Int64Flag{Name: "max-bytes", Usage: "refuse files of more than `N` bytes", DefaultText: "2 GiB", Category: category},
	}
}

// indexing opens the index for writing, runs work on it, and reports.
func indexing(c *cli.Context, p *cmdline.Program, work func(context.Context, *index.Indexer, []string) (index.Report, error)) error {
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	options, err := app.IndexOptions(cfg)
	if err != nil {
		return err
	}
	options.ForcePrune, options.NoPrune = c.Bool("force-prune"), c.Bool("no-prune")
	if text := c.String("shard"); text != "" {
		if options.Shard, err = index.ParseShard(text); err != nil {
			return fault.Usagef("several indexers take 1/3, 2/3 and 3/3", "--shard: %s", err)
		}
		if c.Bool("rebuild") {
			return fault.Usagef("rebuild with one indexer", "--shard and --rebuild do not go together: the index would be in use before it is whole")
		}
	}
	access, paths := store.Create, c.Args().Slice()
	var nowhere error // none of the paths exists
	switch {
	case c.Command.Name == "retry":
		access = store.ReadWrite
	case c.Bool("rebuild"):
		access = store.Rebuild
		if paths, err = rebuildPaths(c.Context, p, cfg, paths); err != nil {
			return err
		}
	default:
		if nowhere = index.CheckRoots(paths); nowhere != nil {
			access = store.ReadWrite // an index that is there may have to forget them; none is made
		}
	}
	open, err := p.OpenIndex(c.Context, cfg, access, app.ManyFiles)
	if nowhere != nil && errors.Is(err, store.ErrNoIndex) {
		return nowhere
	}
	if err != nil {
		return err
	}
	defer open.Close()
	choice := p.EmbedChoice(cfg, open.Encoder.Spec().Fingerprint)
	options.EmbedWorkers, options.EmbedThreads, options.BatchSize = choice.Workers, choice.Threads, choice.BatchSize
	p.Log.Info("embedding", "at_once", choice.Workers, "threads", choice.Threads, "batch", choice.BatchSize)
	reporter, err := reporterFor(c, p)
	if err != nil {
		return err
	}
	var observer index.Observer = reporter
	if c.Bool("json") {
		observer = &failureLines{Observer: reporter, p: p}
	}
	report, err := work(c.Context, index.New(open.Store, open.Encoder, options, observer, p.Log), paths)
	reporter.Close()
	if err != nil && !report.Interrupted {
		return err
	}
	switched := false
	if access == store.Rebuild {
		if switched, err = switchOver(c.Context, p, cfg, open.Store, paths); err != nil {
			return err
		}
	}
	if c.Bool("json") {
		printReportJSON(p, report, switched)
	} else {
		printReport(p, report)
		if notice := open.Encoder.Spec().Notice; notice != "" {
			p.Printf("note: %s\n", notice)
		}
	}
	if access == store.Rebuild {
		printSwitch(c, p, switched)
	}
	for _, r := range report.Refusals {
		p.Notef("warning: %s", terminal.Safe(r.Error()))
		p.Notef("hint: if they are really gone: indexer prune %s --force-prune", terminal.ShellWord(r.Root))
	}
	switch {
	case report.Interrupted:
		return fault.ErrInterrupted
	case report.Failed > 0:
		return fault.Partialf(report.Failed, "indexed", "indexer status --failures lists them; indexer retry tries them again")
	}
	return nil
}

// reportJSON is the last line of a run for scripts.
type reportJSON struct {
	Seen         int64   `json:"seen"`
	Added        int64   `json:"added"`
	Updated      int64   `json:"updated"`
	Unchanged    int64   `json:"unchanged"`
	Moved        int64   `json:"moved"`
	Pruned       int64   `json:"pruned"`
	Failed       int64   `json:"failed"`
	Seconds      float64 `json:"seconds"`
	FailedBefore int64   `json:"failed_before"`
	Vanished     int64   `json:"vanished"`
	Embedded     int64   `json:"embedded"`
	Reused       int64   `json:"reused"`
	BrokenLinks  int64   `json:"broken_links"`
	Interrupted  bool    `json:"interrupted"`
	PruneRefused bool    `json:"prune_refused"`
	Switched     bool    `json:"switched,omitempty"` // a rebuilt index is the one in use now
	// CoreSeconds is the processor time of each stage, summed over the cores.
	CoreSeconds map[string]float64 `json:"core_seconds"`
}

func printReportJSON(p *cmdline.Program, r index.Report, switched bool) {
	line, _ := json.Marshal(reportJSON{ // numbers always marshal
		Seen: r.Seen, Added: r.Added, Updated: r.Updated, Unchanged: r.Unchanged, Moved: r.Moved, Pruned: r.Pruned,
		Failed: r.Failed, Seconds: r.Seconds, FailedBefore: r.FailedBefore, Vanished: r.Vanished,
		Embedded: r.Embedded, Reused: r.Reused, BrokenLinks: r.BrokenLinks, Interrupted: r.Interrupted, PruneRefused: len(r.Refusals) > 0, Switched: switched,
		CoreSeconds: map[string]float64{
			"read": r.Stages.Read.Seconds(), "decode": r.Stages.Decode.Seconds(), "resize": r.Stages.Resize.Seconds(),
			"embed": r.Stages.Embed.Seconds(), "store": r.Stages.Store.Seconds(), "other": r.Stages.Other.Seconds(),
		},
	})
	p.Printf("%s\n", line)
}

func printReport(p *cmdline.Program, r index.Report) {
	rate := ""
	if r.Embedded > 0 && r.Seconds > 0 {
		rate = fmt.Sprintf(", %.1f embedded a second", float64(r.Embedded)/r.Seconds)
	}
	p.Printf("%d pictures seen: %d added, %d updated, %d unchanged, %d moved, %d pruned, %d failed in %s%s\n",
		r.Seen, r.Added, r.Updated, r.Unchanged, r.Moved, r.Pruned, r.Failed,
		time.Duration(r.Seconds*float64(time.Second)).Round(10*time.Millisecond), rate)
	if r.Vanished > 0 {
		p.Printf("%d were gone by the time they were to be read\n", r.Vanished)
	}
	if r.BrokenLinks > 0 {
		p.Printf("%d links lead nowhere, the first %s; what the index has behind them is kept\n", r.BrokenLinks, terminal.Safe(r.BrokenLink))
	}
	if r.FailedBefore > 0 {
		p.Printf("%d failed in an earlier run and have not changed since; indexer retry tries them again\n", r.FailedBefore)
	}
	if r.Embedded > 0 {
		p.Printf("processor time over all cores: read %s, decode %s, resize %s, embed %s, store %s, other %s\n",
			short(r.Stages.Read), short(r.Stages.Decode), short(r.Stages.Resize), short(r.Stages.Embed),
			short(r.Stages.Store), short(r.Stages.Other))
	}
}

func short(d time.Duration) string { return fmt.Sprintf("%.2fs", d.Seconds()) }
