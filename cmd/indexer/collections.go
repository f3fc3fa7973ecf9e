package main

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

func collectionsCommand(p *cmdline.Program) *cli.Command {
	yes := &cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do not ask"}
	return &cli.Command{
		Name:  "collections",
		Usage: "list, drop or rename the collections of a store",
		Subcommands: []*cli.Command{
			{
				Name:  "list",
				Usage: "list the collections of the store",
				Description: `   indexer collections list
   indexer collections list --store milvus --json`,
				Flags:  cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags()),
				Action: func(c *cli.Context) error { return withCollections(c, p, listCollections) },
			},
			{
				Name:      "drop",
				Usage:     "remove a collection: the index with its tags, not the pictures",
				ArgsUsage: "NAME",
				Description: `The indexes of all models of the collection go, with the tags and the list of
failures. No picture is touched.

   indexer collections drop holidays
   indexer collections drop holidays --yes`,
				Flags:  cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), []cli.Flag{yes}),
				Action: func(c *cli.Context) error { return withCollections(c, p, dropCollection) },
			},
			{
				Name:      "rename",
				Usage:     "give a collection another name",
				ArgsUsage: "NAME NEW-NAME",
				Description: `Nothing is embedded again. On a server nobody should search or write it meanwhile.

   indexer collections rename default holidays
   indexer collections rename default holidays --yes`,
				Flags:  cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), []cli.Flag{yes}),
				Action: func(c *cli.Context) error { return withCollections(c, p, renameCollection) },
			},
		},
	}
}

// withCollections opens the collections of the store for an action.
func withCollections(c *cli.Context, p *cmdline.Program, do func(*cli.Context, *cmdline.Program, store.CollectionKeeper) error) (err error) {
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	keeper, err := p.OpenCollections(c.Context, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keeper.Close()) }()
	return do(c, p, keeper)
}

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

func dropCollection(c *cli.Context, p *cmdline.Program, keeper store.CollectionKeeper) error {
	if c.NArg() != 1 {
		return fault.Usagef("for example: indexer collections drop holidays", "indexer collections drop takes one name")
	}
	name := c.Args().First()
	found, err := findCollection(c, keeper, name)
	if err != nil {
		return err
	}
	question := fmt.Sprintf("remove collection %s with %s from the index? Their files stay.", name, counted(found.Records, "picture"))
	if yes, err := confirm(c, p, question); err != nil || !yes {
		return err
	}
	if err := keeper.DropCollection(c.Context, name); err != nil {
		return err
	}
	if c.Bool("json") {
		p.PrintJSON(map[string]any{"dropped": name, "records": found.Records})
		return nil
	}
	p.Printf("collection %s removed, with %s\n", name, counted(found.Records, "picture"))
	return nil
}

func renameCollection(c *cli.Context, p *cmdline.Program, keeper store.CollectionKeeper) error {
	if c.NArg() != 2 {
		return fault.Usagef("for example: indexer collections rename default holidays", "indexer collections rename takes two names")
	}
	from, to := c.Args().Get(0), c.Args().Get(1)
	if err := store.CheckNewCollection(to); err != nil {
		return fault.Usagef("choose another name", "%s", err)
	}
	if _, err := findCollection(c, keeper, from); err != nil {
		return err
	}
	if yes, err := confirm(c, p, fmt.Sprintf("rename collection %s to %s?", from, to)); err != nil || !yes {
		return err
	}
	if err := keeper.RenameCollection(c.Context, from, to); err != nil {
		return err
	}
	if c.Bool("json") {
		p.PrintJSON(map[string]string{"renamed": from, "to": to})
		return nil
	}
	p.Printf("collection %s is called %s now; use --collection %s\n", from, to, to)
	return nil
}

// findCollection returns a collection by its name.
func findCollection(c *cli.Context, keeper store.CollectionKeeper, name string) (store.Collection, error) {
	all, err := keeper.Collections(c.Context)
	if err != nil {
		return store.Collection{}, err
	}
	for _, l := range all {
		if l.Name == name {
			return l, nil
		}
	}
	return store.Collection{}, fault.Fatalf("indexer collections list shows those that there are", "there is no collection %q", name)
}

// confirm asks unless --yes was given. It says so where nothing is done.
func confirm(c *cli.Context, p *cmdline.Program, question string) (bool, error) {
	if c.Bool("yes") {
		return true, nil
	}
	yes, err := p.Confirm(question, "--yes")
	if err == nil && !yes {
		p.Notef("nothing was changed")
	}
	return yes, err
}
