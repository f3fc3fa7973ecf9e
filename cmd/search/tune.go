package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/measure/recall"
	"github.com/sightline/sightline/internal/store"
)

func tuneCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "tune",
		Usage: "find the fastest search that still finds what it should, on your own queries",
		Description: `For indexes in Milvus, which are approximate. Each line of the file is a text query;
a hundred of those that people really ask are enough. Every query is searched
exactly, and then with one search parameter after another from the cheapest upwards,
until the wanted share of the true nearest is found. That parameter is kept with the
index and holds for everybody's searches of up to -k pictures from then on; for more
it can be tuned as well. --dry-run only measures. What too few pictures or queries
show is not kept. indexer status says which value decides.

   search tune --queries queries.txt --recall 0.98
   search tune --queries queries.txt --recall 0.98 -k 50 --dry-run`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.StringFlag{Name: "queries", Usage: "`FILE` of text queries, one per line"},
			&cli.IntFlag{Name: "k", Aliases: []string{"n", "top"}, Usage: "tune for searches of `N` pictures", Value: 10},
			&cli.BoolFlag{Name: "dry-run", Usage: "measure, and keep nothing"},
		}),
		Action: func(c *cli.Context) error { return tune(c, p) },
	}
}

func tune(c *cli.Context, p *cmdline.Program) error {
	name, k := c.String("queries"), c.Int("k")
	if name == "" {
		return fault.Usagef("for example: search tune --queries queries.txt --recall 0.98", "search tune needs --queries FILE")
	}
	if k < 1 {
		return fault.Usagef("", "-k is %d; it must be at least 1", k)
	}
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	texts, err := recall.ReadQueriesFile(name)
	if err != nil {
		return err
	}
	open, err := p.OpenIndex(c.Context, cfg, store.ReadWrite, app.OneQuery)
	if err != nil {
		return err
	}
	defer open.Close()
	queries, err := recall.EmbedQueries(c.Context, open.Encoder, texts)
	if err != nil {
		return err
	}
	target := cfg.Milvus.Recall
	r, err := recall.Tune(c.Context, open.Store, queries, recall.Options{K: k, Target: target, Observer: trialPrinter(c, p)})
	if err != nil && !errors.Is(err, recall.ErrNotReached) {
		return err
	}
	warnFixed(p, cfg, r.Parameter)
	saved := false
	if err == nil && !c.Bool("dry-run") {
		err = recall.Keep(c.Context, open.Store, r)
		saved = err == nil
	}
	if c.Bool("json") {
		printTuneJSON(p, r, tuneJSON{K: k, Target: target, Saved: saved})
	} else if err == nil || errors.Is(err, recall.ErrTooFew) {
		note := "kept with the index"
		switch {
		case err != nil:
			note = "not kept"
		case !saved:
			note = "not kept: --dry-run"
		}
		p.Printf("%s %d is the cheapest that finds %.4f of the nearest on %d queries; %s\n",
			r.Parameter, r.Best.Value, r.Best.Recall, r.Queries, note)
	}
	return err
}
