package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
)

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
