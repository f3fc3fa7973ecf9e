package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
)

func repairCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "repair",
		Usage: "tell which collection of a server holds this index, where the note of it is lost",
		Description: `A server keeps a collection for each model that an index was built with, and an alias
that says which of them is in use. Where the alias was lost, --use names the one. The
others stay, and no picture is embedded again. Without --use nothing is changed.

   indexer repair --store milvus                                      what there is
   indexer repair --store milvus --use default_0123456789ab           use that one`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.StringFlag{Name: "use", Usage: "make `COLLECTION` the one in use"},
		}),
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return fault.Usagef("name the collection with --use COLLECTION", "indexer repair takes no arguments")
			}
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			x, err := p.Repair(c.Context, cfg, c.String("use"))
			if err != nil {
				return err
			}
			if c.Bool("json") {
				p.PrintJSON(map[string]any{"collection": x.Name, "records": x.Records, "model": x.Model.Name, "fingerprint": x.Model.Fingerprint})
				return nil
			}
			p.Printf("in use is %s: %d pictures, model %s\n", terminal.Safe(x.Name), x.Records, terminal.Safe(x.Model.Label()))
			return nil
		},
	}
}
