package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
)

func forgetCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "forget",
		Usage:     "take pictures out of the index; their files stay",
		ArgsUsage: "PATH...",
		Description: `All that the index has at or below the paths goes: pictures with their tags and
embeddings, and failures. No file is touched, and none need be there. The next run
over the paths indexes them again; to keep them out, ignore them as well.

   indexer forget ~/Pictures/private
   echo private/ >> ~/Pictures/.sightlineignore
   indexer forget ~/Pictures/a.jpg /mnt/old --yes --json`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do not ask"},
		}),
		Action: func(c *cli.Context) error { return forget(c, p) },
	}
}

func forget(c *cli.Context, p *cmdline.Program) error {
	if c.NArg() == 0 {
		return fault.Usagef("for example: indexer forget ~/Pictures/private", "indexer forget needs at least one path")
	}
	_, st, err := p.OpenAnyStore(c, store.ReadWrite)
	if err != nil {
		return err
	}
	defer st.Close()
	found, err := index.FindBelow(c.Context, st, c.Args().Slice())
	if err != nil {
		return err
	}
	pictures, failures := int64(len(found.Records)), int64(len(found.Failures))
	what := counted(pictures, "picture")
	if failures > 0 {
		what += " and " + counted(failures, "failure")
	}
	if !c.Bool("yes") {
		yes, err := p.Confirm(fmt.Sprintf("forget %s? Their files stay.", what), "--yes")
		if err != nil {
			return err
		}
		if !yes {
			p.Notef("nothing was forgotten")
			return nil
		}
	}
	if err := index.Forget(c.Context, st, found); err != nil {
		return err
	}
	if pictures > 0 {
		defer p.Notef("hint: the next indexer run over their folder brings them back; a line in its .sightlineignore keeps them out: indexer forget --help")
	}
	if c.Bool("json") {
		p.PrintJSON(map[string]int64{"forgotten": pictures, "failures": failures})
		return nil
	}
	p.Printf("%s forgotten\n", what)
	return nil
}
