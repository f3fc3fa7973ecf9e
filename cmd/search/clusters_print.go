package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/explore"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

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
	if len(places) == 0 && c.NArg() == 0 {
		p.Notef("none of the clusters has a picture any more; to find new ones run: indexer explore")
		return nil
	}
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
