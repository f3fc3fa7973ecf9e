package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
)

func statusCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "status",
		Usage: "say what is in the index: counts, model, store, failures",
		Description: `   indexer status
   indexer status --failures             every file that failed, with the reason
   indexer status --json                 for scripts`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "failures", Usage: "list every failure, not only the first ten"},
		}),
		Action: func(c *cli.Context) error {
			_, st, err := p.OpenAnyStore(c, store.ReadOnly)
			if err != nil {
				return err
			}
			defer st.Close()
			limit := fewFailures
			if c.Bool("failures") {
				limit = index.AllFailures
			}
			status, err := index.ReadStatus(c.Context, st, limit)
			if err != nil {
				return err
			}
			if c.Bool("json") {
				printStatusJSON(p, status)
			} else {
				printStatus(p, status)
			}
			return nil
		},
	}
}

// fewFailures is how many failures are listed where not all are asked for.
const fewFailures = 10
