package main

import (
	"fmt"
	"os"
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
		p.Notef("warning: %s was not looked at: %s", terminal.Safe(f.Path), terminal.Safe(f.Err.Error()))
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
		return nil, fault.Usagef("for example: search duplicates under:photos/2024", "%q is no filter", line.Query.Terms[0].Value)
	}
	return line.Filter, nil
}

// groupJSON is a group for scripts.
type groupJSON struct {
	Path   string      `json:"keep"`
	Base64 string      `json:"keep_base64,omitempty"`
	Why    string      `json:"why"`
	Others []otherJSON `json:"others"`
}

type otherJSON struct {
	Path       string  `json:"path"`
	PathBase64 string  `json:"path_base64,omitempty"`
	Same       bool    `json:"same"`
	Nearness   float32 `json:"nearness"`
	Bytes      int64   `json:"bytes"`
}

func showDuplicates(c *cli.Context, p *cmdline.Program, groups []duplicates.Group) {
	wd, err := os.Getwd()
	if err != nil {
		wd = "" // only for shorter paths
	}
	others, bytes := 0, int64(0)
	for _, g := range groups {
		j := groupJSON{Path: g.Keep.Path, Base64: query.PathBase64(g.Keep.Path), Why: g.Why}
		table := !c.Bool("json") && !c.Bool("others") && !c.Bool("0")
		if table {
			p.Printf("keep  %s  (%s)\n", terminal.Safe(cmdline.Shorten(g.Keep.Path, wd)), g.Why)
		}
		for _, o := range g.Others {
			others++
			bytes += o.Size
			switch {
			case table && o.Same:
				p.Printf("same  %s\n", terminal.Safe(cmdline.Shorten(o.Path, wd)))
			case table:
				p.Printf("near  %s  (%dx%d, %.3f)\n", terminal.Safe(cmdline.Shorten(o.Path, wd)), o.Width, o.Height, o.Nearness)
			case c.Bool("0"):
				p.Printf("%s\x00", o.Path)
			case c.Bool("others"):
				p.Printf("%s\n", o.Path)
			}
			j.Others = append(j.Others, otherJSON{o.Path, query.PathBase64(o.Path), o.Same, o.Nearness, o.Size})
		}
		if c.Bool("json") {
			p.PrintJSON(j)
		}
	}
	if !c.Bool("json") {
		p.Notef("%s", summary(len(groups), others, bytes))
	}
}

func summary(groups, others int, bytes int64) string {
	if groups == 0 {
		return "there are no duplicates"
	}
	return fmt.Sprintf("%s; without %s there would be %.1f MB less", cmdline.Count(int64(groups), "group", "groups"),
		cmdline.Count(int64(others), "other", "others"), float64(bytes)/1e6)
}
