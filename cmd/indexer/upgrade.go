package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

func upgradeCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "upgrade",
		Usage: "bring an index of an earlier version up to date",
		Description: `In a Milvus server: indexes of the fields that filters and the search for copies look
at. The server builds them in the background, and searches go on meanwhile. Nothing
is embedded again. An embedded index is brought up to date by whatever writes to it.

   indexer upgrade --store milvus`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags()),
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return fault.Usagef("name the index with --store and --collection", "indexer upgrade takes no arguments")
			}
			_, st, err := p.OpenAnyStore(c, store.ReadWrite)
			if err != nil {
				return err
			}
			defer st.Close()
			done := []string{}
			err = index.Upgrade(c.Context, st, func(what string) {
				done = append(done, what)
				if !c.Bool("json") {
					p.Printf("%s\n", terminal.Safe(what))
				}
			})
			if err != nil {
				return err
			}
			if c.Bool("json") {
				p.PrintJSON(map[string][]string{"done": done})
			} else if len(done) == 0 {
				p.Printf("the index is up to date\n")
			}
			return nil
		},
	}
}
