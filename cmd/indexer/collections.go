package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/store"
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

// findCollection returns a collection by its name.
func findCollection(c *cli.Context, keeper store.CollectionKeeper, name string) (store.Collection, error) {
	all, err := keeper.Collections(c.Context)
	if err != nil {
		return store.Collection{}, err
	}
	var names []string
	for _, l := range all {
		if l.Name == name {
			return l, nil
		}
		names = append(names, l.Name)
	}
	hint := "indexer collections list shows those that there are"
	if near := spelling.Nearest(name, names); len(near) > 0 {
		hint = "did you mean " + spelling.Or(near) + "? " + hint
	}
	return store.Collection{}, fault.Fatalf(hint, "there is no collection %q", name)
}
