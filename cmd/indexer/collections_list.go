package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

// collectionJSON is a line of the list for scripts.
type collectionJSON struct {
	Collection string `json:"collection"`
	Records    int64  `json:"records"`
	Model      string `json:"model"`
	Updated    string `json:"updated,omitempty"`
}

func listCollections(c *cli.Context, p *cmdline.Program, keeper store.CollectionKeeper) error {
	all, err := keeper.Collections(c.Context)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		for _, l := range all {
			line := collectionJSON{Collection: l.Name, Records: l.Records, Model: l.Model.Name}
			if !l.Updated.IsZero() {
				line.Updated = l.Updated.UTC().Format("2006-01-02T15:04:05Z")
			}
			p.PrintJSON(line)
		}
		return nil
	}
	if len(all) == 0 {
		p.Notef("there is no collection here yet")
		return nil
	}
	t := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "COLLECTION\tPICTURES\tMODEL\tLAST CHANGED")
	for _, l := range all {
		updated := "-"
		if !l.Updated.IsZero() {
			updated = l.Updated.Local().Format("2006-01-02 15:04")
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\n", terminal.Safe(l.Name), l.Records, terminal.Safe(l.Model.Name), updated)
	}
	return t.Flush()
}
