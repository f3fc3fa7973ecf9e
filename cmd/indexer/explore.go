package main

import (
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/explore"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
)

func exploreCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "explore",
		Usage: "find out what a collection is made of: clusters with names, and a map",
		Description: `Divides the pictures of the index into clusters of what is alike, in levels, gives the
clusters names from a list of labels, and lays all pictures out on a map. All of it is
kept with the index: search clusters lists it, cluster:3 in a query looks inside one.
No picture is read, only embeddings. Pictures that are indexed later are put into the
clusters that are there; explore again to find new ones.

   indexer explore
   indexer explore --clusters 12 --seed 7        another division
   indexer explore --labels mine.txt             names of one's own
   indexer explore --html map.html               the map and the clusters as a page`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), progressFlags(), []cli.Flag{
			&cli.IntFlag{Name: "clusters", Usage: "divide into `N` clusters first", DefaultText: "what fits best"},
			&cli.StringFlag{Name: "labels", Usage: "take the names of clusters from a `LIST`: a file, or names with commas between them", DefaultText: "everyday things"},
			&cli.Uint64Flag{Name: "seed", Usage: "draw by `N`: the same index and seed give the same clusters and map"},
			&cli.BoolFlag{Name: "duplicates", Usage: "also look for pictures that are nearly the same, and keep which; files are read for it"},
			&cli.StringFlag{Name: "html", Usage: "also write the map and the clusters to an HTML `FILE`", Category: "Output"},
		}),
		Action: func(c *cli.Context) error { return exploreIndex(c, p) },
	}
}

func exploreIndex(c *cli.Context, p *cmdline.Program) error {
	if n := c.Int("clusters"); c.IsSet("clusters") && (n < 2 || n > explore.MostClusters) {
		return fault.Usagef("", "--clusters is %d; it must be between 2 and %d", n, explore.MostClusters)
	}
	labels, err := explore.DefaultLabels()
	if c.IsSet("labels") {
		labels, err = label.Load(c.String("labels"))
	}
	if err != nil {
		return err
	}
	if c.IsSet("html") {
		if err := atomicfile.Check(c.String("html")); err != nil {
			return err
		}
	}
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	began := time.Now()
	stages := &stages{open: func() (*cmdline.Reporter, error) { return reporterFor(c, p) }}
	defer stages.Close()
	if err := stages.begin(""); err != nil { // a wrong --progress is reported before the work
		return err
	}
	m, err := p.Explore(c.Context, cfg, labels, explore.Options{
		Clusters: c.Int("clusters"), Seed: c.Uint64("seed"), Labels: labels.Source, Now: began, Progress: stages.show,
	})
	stages.Close()
	if err != nil {
		return err
	}
	var d *explore.Duplicates
	if c.Bool("duplicates") {
		if d, err = p.FindDuplicates(c.Context, cfg, began); err != nil {
			return err
		}
	}
	if c.IsSet("html") {
		if err := writeMap(c, p, cfg, m); err != nil {
			return err
		}
	}
	printExplored(c, p, m, d, time.Since(began))
	return nil
}

// writeMap writes the map as a page.
func writeMap(c *cli.Context, p *cmdline.Program, cfg config.Config, m *explore.Map) error {
	st, err := p.OpenStore(c.Context, cfg, store.ReadOnly, store.Model{})
	if err != nil {
		return err
	}
	defer st.Close()
	return atomicfile.Write(c.String("html"), func(w io.Writer) error { return app.WriteMap(c.Context, w, m, st) })
}
