package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

func pruneCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "prune",
		Usage:     "remove pictures whose file is gone, without looking for new ones",
		ArgsUsage: "[PATH...]",
		Description: `Below the given paths or, without any, in the whole index. It refuses where a path
is missing or more than a fifth of its pictures have vanished, because that looks
like an unmounted disk; --force-prune insists.

With --old-models it removes instead the indexes that indexer run --rebuild left of
earlier models, after asking.

   indexer prune
   indexer prune ~/Pictures/old --force-prune
   indexer prune --old-models`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "force-prune", Usage: "remove them even if a whole path is gone"},
			&cli.BoolFlag{Name: "old-models", Usage: "remove the indexes of earlier models"},
			&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do not ask"},
		}),
		Action: func(c *cli.Context) error {
			if c.Bool("old-models") {
				return pruneOldModels(c, p)
			}
			return prune(c, p)
		},
	}
}

func prune(c *cli.Context, p *cmdline.Program) error {
	_, st, err := p.OpenAnyStore(c, store.ReadWrite)
	if err != nil {
		return err
	}
	defer st.Close()
	how := index.Guarded
	if c.Bool("force-prune") {
		how = index.Forced
	}
	why, err := query.WhyNothing(c.Context, st, query.Conditions{Under: c.Args().Slice()})
	if err != nil {
		return err
	}
	for _, w := range why {
		p.Notef("warning: %s", terminal.Safe(w))
	}
	pruned, refusals, err := index.Prune(c.Context, st, c.Args().Slice(), how)
	if c.Bool("json") {
		p.PrintJSON(map[string]any{"pruned": pruned.Records, "inherited": pruned.Inherited, "refused": len(refusals)})
	} else {
		p.Printf("%s pruned\n", counted(pruned.Records, "picture"))
		printInherited(p, pruned.Inherited)
	}
	if err != nil {
		return err
	}
	if len(refusals) > 0 {
		return fault.Fatalf("mount the disk, or insist with --force-prune", "not pruned: %s", terminal.Safe(refusals[0].Error()))
	}
	return nil
}
