package main

import (
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/explore"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
)

func clustersCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "clusters",
		Usage:     "list the clusters of a collection, which indexer explore found",
		ArgsUsage: "[CLUSTER]",
		Description: `Lists the clusters of the first level, or those that one is divided into: id, number of
pictures, name, and the pictures that stand for it.

   search clusters
   search clusters 3                          what cluster 3 is made of
   search clusters --all --json               every level, for scripts
   search clusters --html map.html            the map and the clusters as a page
   search 'cluster:3'                         the pictures of a cluster
   search "at night" --cluster 3.1            and a search inside one`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "list the clusters of all levels", Category: "Narrowing"},
			&cli.StringFlag{Name: "html", Usage: "write the map and the clusters to an HTML `FILE`", Category: "Output"},
		}),
		Action: func(c *cli.Context) error { return listClusters(c, p) },
	}
}

func listClusters(c *cli.Context, p *cmdline.Program) error {
	if c.NArg() > 1 {
		return fault.Usagef("for example: search clusters 3", "search clusters takes one cluster, and there are %d", c.NArg())
	}
	_, st, err := p.OpenAnyStore(c, store.ReadOnly)
	if err != nil {
		return err
	}
	defer st.Close()
	m, err := explore.Open(c.Context, st)
	if err != nil {
		return err
	}
	noteSince(c, p, m)
	if file := c.String("html"); file != "" {
		err := atomicfile.Write(file, func(w io.Writer) error { return app.WriteMap(c.Context, w, m, st) })
		if err != nil {
			return err
		}
	}
	parent := -1
	if c.NArg() == 1 {
		if parent, err = m.Find(strings.TrimPrefix(c.Args().First(), "cluster:")); err != nil {
			return err
		}
	}
	return showClusters(c, p, m, st, listed(m, parent, c.Bool("all")))
}

// listed are the parts of a cluster, and theirs too if all are asked for.
func listed(m *explore.Map, parent int, all bool) []int {
	var out []int
	for _, i := range m.Parts(parent) {
		out = append(out, i)
		if all {
			out = append(out, listed(m, i, all)...)
		}
	}
	return out
}

// noteSince says what has changed since the index was explored.
func noteSince(c *cli.Context, p *cmdline.Program, m *explore.Map) {
	if m.Since.Any() && !c.Bool("json") {
		p.Notef("note: since the index was explored, pictures have changed (%s); they were put into the clusters that are there. To find new ones run: indexer explore", m.Since)
	}
}
