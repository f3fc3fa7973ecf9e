package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/duplicates"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

func duplicatesCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "duplicates",
		Usage:     "find pictures that are the same, and say which to keep",
		ArgsUsage: "[FILTER...]",
		Description: `Lists groups: the picture to keep, why, and the others. Nothing is deleted. Without
--near it is the files that are the same, byte by byte, and none is read. With it,
pictures count that were resized, recompressed, cropped a little, made brighter, or
got a border or a mark; the files of those whose embeddings are near are read once, and
what they show is kept beside the index. Searches then fold such pictures too.

   search duplicates
   search duplicates --near under:photos/2024
   search duplicates --others -0 | xargs -0 ls -l`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "near", Usage: "also what is nearly the same", Category: "Narrowing"},
			&cli.BoolFlag{Name: "others", Usage: "print the paths of the others alone, without those to keep", Category: "Output"},
			&cli.BoolFlag{Name: "0", Aliases: []string{"print0"}, Usage: "end each path with a NUL, for xargs -0", Category: "Output"},
		}),
		Action: func(c *cli.Context) error { return findDuplicates(c, p) },
	}
}

func findDuplicates(c *cli.Context, p *cmdline.Program) error {
	filter, err := filterOf(c, p)
	if err != nil {
		return err
	}
	cfg, st, err := p.OpenAnyStore(c, store.ReadOnly)
	if err != nil {
		return err
	}
	defer st.Close()
	var groups []duplicates.Group
	var failed []duplicates.Failure
	if c.Bool("near") {
		cache, e := app.Looks(c.Context, cfg, st)
		if e != nil {
			return e
		}
		groups, failed, err = duplicates.Near(c.Context, st, filter, func(r *store.Record) (*duplicates.Look, error) {
			return p.LookAt(cache, r)
		})
	} else {
		groups, err = duplicates.Identical(c.Context, st, filter)
	}
	if err != nil {
		return err
	}
	showDuplicates(c, p, groups)
	for _, f := range failed {
		p.Notef("warning: %s was not looked at: %s", terminal.Safe(f.Path), terminal.Safe(fault.Words(f.Err)))
	}
	if len(failed) > 0 {
		return fault.Partialf(int64(len(failed)), "looked at", "indexer run takes what is gone out of the index")
	}
	return nil
}

// filterOf reads the arguments as filters, which they must be.
func filterOf(c *cli.Context, p *cmdline.Program) (store.Filter, error) {
	line, err := query.ParseLine(strings.Join(c.Args().Slice(), " "), filterOptions(c, p))
	if err != nil {
		return nil, err
	}
	if len(line.Query.Terms) > 0 {
		return nil, fault.Usagef("for example: "+c.Command.HelpName+" under:photos/2024", "%q is no filter", line.Query.Terms[0].Value)
	}
	return line.Filter, nil
}
