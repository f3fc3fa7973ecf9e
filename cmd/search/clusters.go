package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/explore"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
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

// clusterJSON is a cluster for scripts.
type clusterJSON struct {
	ID              string         `json:"id"`
	Name            string         `json:"name"`
	Probability     float32        `json:"probability"` // of the name, over the pictures
	Size            int            `json:"size"`
	Parent          string         `json:"parent"` // "" for one of the first level
	Level           int            `json:"level"`
	Parts           int            `json:"parts"`
	Cohesion        float32        `json:"cohesion"`
	X               float32        `json:"x"` // on the map, 0 to 1
	Y               float32        `json:"y"`
	Representatives []standForJSON `json:"representatives"`
}

type standForJSON struct {
	ID         string `json:"id"`
	Path       string `json:"path"`
	PathBase64 string `json:"path_base64,omitempty"`
}

func showClusters(c *cli.Context, p *cmdline.Program, m *explore.Map, st store.Store, places []int) error {
	if len(places) == 0 {
		p.Notef("this cluster is not divided further; search 'cluster:%s' lists its pictures", terminal.Safe(c.Args().First()))
		return nil
	}
	wd, err := os.Getwd()
	if err != nil {
		wd = "" // only for shorter paths
	}
	for _, i := range places {
		cluster := &m.Clusters[i]
		records, err := st.Get(c.Context, cluster.Representatives)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if c.Bool("json") {
			p.PrintJSON(clusterLine(m, i, records))
			continue
		}
		if cluster.Level == 1 || !c.Bool("all") {
			p.Printf("\n")
		}
		p.Printf("%-8s %6d  %s\n", terminal.Safe(cluster.ID), cluster.Size, terminal.Safe(nameOf(cluster)))
		for _, r := range records[:min(fewPictures, len(records))] {
			p.Printf("                 %s\n", terminal.Safe(cmdline.Shorten(filepath.FromSlash(r.Path), wd)))
		}
	}
	return nil
}

// fewPictures is how many pictures the table shows of a cluster.
const fewPictures = 3

func nameOf(c *explore.Cluster) string {
	if c.Name == "" {
		return "(no name fits)"
	}
	return c.Name
}

func clusterLine(m *explore.Map, i int, records []store.Record) clusterJSON {
	cluster := &m.Clusters[i]
	j := clusterJSON{
		ID: cluster.ID, Name: cluster.Name, Probability: cluster.Probability, Size: cluster.Size, Level: cluster.Level,
		Parts: len(m.Parts(i)), Cohesion: cluster.Cohesion, Representatives: []standForJSON{},
	}
	if cluster.Parent >= 0 {
		j.Parent = m.Clusters[cluster.Parent].ID
	}
	j.X, j.Y = m.Place(cluster.At)
	for _, r := range records {
		j.Representatives = append(j.Representatives, standForJSON{r.ID, r.Path, query.PathBase64(r.Path)})
	}
	return j
}
