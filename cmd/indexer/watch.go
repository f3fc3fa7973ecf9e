package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/watch"
)

func watchCommand(p *cmdline.Program) *cli.Command {
	const when = "When"
	return &cli.Command{
		Name:      "watch",
		Usage:     "keep the index up to date while pictures come and go",
		ArgsUsage: "PATH...",
		Description: `Begins with what indexer run does, and goes on with each change below the paths, once
nothing has changed for a moment; files that are being written wait for the next time.
All paths are looked through every so often as well, since network mounts tell nothing.
The index is locked only while a run works, and waited for while others write. A disk
that is away is looked through when it is back, and nothing is removed meanwhile.
Ctrl-C ends it.

--install writes a systemd user unit that does the same, with the flags given here,
whenever you are logged in.

   indexer watch ~/Pictures
   indexer watch ~/Pictures /mnt/nas --every 5m --gentle
   indexer watch ~/Pictures --gentle --install
   indexer watch --uninstall`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), progressFlags(), pipelineFlags(), []cli.Flag{
			&cli.DurationFlag{Name: "every", Usage: "look through all paths every `TIME`, even where no change was reported; 0 for never", Value: 10 * time.Minute, Category: when},
			&cli.DurationFlag{Name: "settle", Usage: "wait until nothing has changed for `TIME`", Value: 2 * time.Second, Category: when},
			&cli.BoolFlag{Name: "gentle", Usage: "be in nobody's way: one core, lowest priority, never on battery or while the machine is busy", Category: when},
			&cli.BoolFlag{Name: "no-prune", Usage: "keep vanished pictures in the index"},
			&cli.StringFlag{Name: "raw", Usage: "cameras' RAW files, as for run (`twin|both|off`)", DefaultText: "twin"},
			&cli.BoolFlag{Name: "hidden", Usage: "look at files and folders whose name starts with a dot"},
			&cli.BoolFlag{Name: "no-links", Usage: "pass symbolic links over"},
			&cli.StringSliceFlag{Name: "ignore", Usage: "pass over what matches `GLOB`; repeatable, as a line of a .sightlineignore file"},
			&cli.BoolFlag{Name: "install", Usage: "write a systemd user unit that runs this command", Category: "As a service"},
			&cli.BoolFlag{Name: "uninstall", Usage: "remove that unit", Category: "As a service"},
		}),
		Action: func(c *cli.Context) error {
			switch {
			case c.Bool("install") && c.Bool("uninstall"):
				return fault.Usagef("", "--install and --uninstall do not go together")
			case c.Bool("uninstall"):
				return uninstallWatch(c, p)
			case c.NArg() == 0:
				return fault.Usagef("for example: indexer watch ~/Pictures", "indexer watch needs at least one path")
			case c.Duration("every") < 0 || c.Duration("settle") <= 0:
				return fault.Usagef("for example: --every 10m --settle 2s", "--settle must be longer than 0, and --every not shorter")
			case c.Bool("install"):
				return installWatch(c, p)
			}
			return watchPaths(c, p)
		},
	}
}

// watchPaths watches until Ctrl-C.
func watchPaths(c *cli.Context, p *cmdline.Program) error {
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	options, err := app.IndexOptions(cfg)
	if err != nil {
		return err
	}
	roots, err := absolutePaths(c.Args().Slice())
	if err == nil {
		err = index.CheckRoots(roots)
	}
	if err == nil {
		cfg, err = chooseModel(c, p, cfg, roots)
	}
	if err != nil {
		return err
	}
	o := watch.Options{
		Roots: roots, Every: c.Duration("every"), Settle: c.Duration("settle"), Passes: passes, Concerns: options.Walk.MayMatter,
	}
	if c.Bool("gentle") {
		cfg = gentle(c, cfg)
		if err := watch.LowerPriority(); err != nil {
			p.Notef("note: %s", terminal.Safe(err.Error()))
		}
		o.Hold = watch.Machine{Cores: app.Cores()}.Hold
	}
	if db, err := filepath.Abs(cfg.DB); err == nil {
		o.Outside = []string{filepath.ToSlash(db)} // a run writes there
	}
	w := &watching{c: c, p: p, cfg: cfg}
	o.Run, o.Tell = w.run, w.tell
	err = watch.Watch(c.Context, o)
	if c.Context.Err() != nil {
		return fault.ErrInterrupted
	}
	return err
}

// absolutePaths makes paths absolute, with slashes, each once.
func absolutePaths(paths []string) ([]string, error) {
	var out []string
	for _, path := range paths {
		if path == "" {
			return nil, fault.Usagef("", "a path is empty")
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		if abs = filepath.ToSlash(abs); !slices.Contains(out, abs) {
			out = append(out, abs)
		}
	}
	return out, nil
}

// passes reports whether an error passes by itself: another writer, a server that cannot
// be reached, a path that was taken away just now.
func passes(err error) bool {
	kind, _ := app.Explain(err)
	return kind == fault.Locked || kind == fault.Unreachable || errors.Is(err, index.ErrNoRoots)
}

// gentle are settings for one core, unless others are given.
func gentle(c *cli.Context, cfg config.Config) config.Config {
	if !c.IsSet("workers") {
		cfg.Index.Workers = 1
	}
	if !c.IsSet("embed-workers") && !c.IsSet("embed-threads") {
		cfg.Index.EmbedWorkers, cfg.Index.EmbedThreads = 1, 1
	}
	return cfg
}

// watching does the runs of a watch, one at a time, and prints them.
type watching struct {
	c       *cli.Context
	p       *cmdline.Program
	cfg     config.Config
	ran     bool
	refused string // what the guard said last
}

// run is watch.Options.Run. That files failed is printed, and no error.
func (w *watching) run(ctx context.Context, r watch.Request) error {
	request := app.IndexRequest{Paths: r.Roots, Folder: r.Folder, Unsettled: r.Unsettled}
	if w.c.Bool("no-prune") {
		request.Pruning = index.Never
	}
	job, err := w.p.OpenIndexJob(ctx, w.cfg, request)
	if err != nil {
		return err
	}
	out, err := w.perform(ctx, job)
	if err = errors.Join(err, job.Close()); err != nil {
		return err
	}
	if out.Interrupted {
		return fault.ErrInterrupted
	}
	w.print(out.Report)
	return nil
}

func (w *watching) perform(ctx context.Context, job *app.IndexJob) (app.IndexOutcome, error) {
	reporter, err := reporterFor(w.c, w.p)
	if err != nil {
		return app.IndexOutcome{}, err
	}
	defer reporter.Close()
	reporter.Verb("indexed")
	var observer index.Observer = reporter
	if w.c.Bool("json") {
		observer = &failureLines{Observer: reporter, p: w.p}
	}
	return job.Run(ctx, observer)
}

// print prints what a run came to: for people only if it came to something.
func (w *watching) print(r index.Report) {
	switch {
	case w.c.Bool("json"):
		printReportJSON(w.p, r, false)
	case !w.ran:
		printReport(w.p, r, w.c.Args().Slice(), w.c.Bool("verbose"))
	case r.Added+r.Updated+r.Moved+r.Pruned+r.Failed > 0:
		r.Unchanged = 0 // nothing new
		w.p.Printf("%s %s\n", time.Now().Format(time.TimeOnly), changes(r))
	}
	if r.Failed > 0 && !w.c.Bool("json") {
		w.p.Notef("hint: indexer status --failures lists what could not be indexed")
	}
	w.ran = true
	refused := ""
	for _, refusal := range r.Refusals {
		refused += refusal.Error() + "\n"
	}
	if refused != w.refused {
		printRefusals(w.p, r.Refusals)
	}
	w.refused = refused
}
