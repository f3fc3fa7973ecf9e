package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

// pruneOldModels removes the indexes of a collection that a change of the model left
// behind, after asking.
func pruneOldModels(c *cli.Context, p *cmdline.Program) error {
	if c.NArg() > 0 {
		return fault.Usagef("indexer prune --old-models has to do with the whole collection", "--old-models takes no paths")
	}
	_, st, err := p.OpenAnyStore(c, store.ReadWrite)
	if err != nil {
		return err
	}
	defer st.Close()
	old, err := index.OldModels(c.Context, st)
	if errors.Is(err, index.ErrNoOldModels) {
		return fault.Usagef("", "%s", err)
	} else if err != nil {
		return err
	}
	if len(old) > 0 && !c.Bool("yes") {
		for _, g := range old {
			p.Notef("%s: %s, last changed %s", terminal.Safe(g.Model.Label()), counted(g.Records, "picture"), g.Updated.Local().Format("2006-01-02"))
		}
		yes, err := p.Confirm(fmt.Sprintf("remove %s?", indexes(len(old))), "--yes")
		if err != nil {
			return err
		}
		if !yes {
			p.Notef("nothing was removed")
			return nil
		}
	}
	dropped, err := index.DropOldModels(c.Context, st, old)
	if c.Bool("json") {
		p.PrintJSON(map[string]int{"removed": len(dropped), "left": len(old) - len(dropped)})
		return err
	}
	p.Printf("%s removed\n", indexes(len(dropped)))
	return err
}

func indexes(n int) string {
	if n == 1 {
		return "1 index of an earlier model"
	}
	return fmt.Sprintf("%d indexes of earlier models", n)
}
