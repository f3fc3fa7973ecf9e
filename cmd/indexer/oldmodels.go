package main

import (
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
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
	keeper, ok := store.As[store.ModelIndexKeeper](st)
	if !ok {
		return fault.Usagef("", "this kind of store keeps no indexes of earlier models")
	}
	all, err := keeper.ModelIndexes(c.Context)
	if err != nil {
		return err
	}
	var old []store.ModelIndex
	for _, g := range all {
		if !g.Current {
			old = append(old, g)
		}
	}
	if len(old) > 0 && !c.Bool("yes") {
		for _, g := range old {
			p.Notef("%s: %d pictures, last changed %s", terminal.Safe(g.Model.Label()), g.Records, g.Updated.Local().Format("2006-01-02"))
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
	for _, g := range old {
		if err := keeper.DropModelIndex(c.Context, g.Name); err != nil {
			return err
		}
	}
	if c.Bool("json") {
		return json.NewEncoder(p.Stdout).Encode(map[string]int{"removed": len(old)})
	}
	p.Printf("%s removed\n", indexes(len(old)))
	return nil
}

func indexes(n int) string {
	if n == 1 {
		return "1 index of an earlier model"
	}
	return fmt.Sprintf("%d indexes of earlier models", n)
}
