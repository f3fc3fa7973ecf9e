package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/dump"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
)

func dumpCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "dump",
		Usage:     "write the index into one portable file",
		ArgsUsage: "FILE",
		Description: `A file of JSON lines with pictures, embeddings, tags, failures and documents, from
either kind of store; docs/backup.md describes it. With - it goes to stdout. A file that
is there is only replaced with --force.

   indexer dump index.jsonl
   indexer dump - | zstd > index.jsonl.zst`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "force", Usage: "replace a file that is there"},
		}),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("for example: indexer dump index.jsonl", "indexer dump takes one file")
			}
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			file := c.Args().First()
			counts, err := p.Dump(c.Context, cfg, file, c.Bool("force"), p.Stdout)
			if err != nil {
				return err
			}
			switch {
			case file == "-":
			case c.Bool("json"):
				p.PrintJSON(counts)
			default:
				p.Printf("%s written to %s\n", dumped(counts), terminal.Safe(file))
			}
			if counts.Without > 0 {
				return fault.Partialf(counts.Without, "dumped", "their embeddings were damaged: indexer run reads the pictures again; then dump the index once more")
			}
			return nil
		},
	}
}

func loadCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "load",
		Usage:     "bring a file of indexer dump into an index",
		ArgsUsage: "FILE",
		Description: `The file is checked to its end first. The index is made if it is not there; one that
holds pictures is only added to with --add.

   indexer load index.jsonl --db /srv/index
   indexer load index.jsonl --store milvus`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "add", Usage: "add to an index that holds pictures, and replace those that it has"},
		}),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("for example: indexer load index.jsonl", "indexer load takes one file")
			}
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			counts, refused, err := p.Load(c.Context, cfg, c.Args().First(), c.Bool("add"))
			if err != nil {
				return err
			}
			if c.Bool("json") {
				p.PrintJSON(map[string]int64{"records": counts.Records, "failures": counts.Failures, "documents": counts.Documents, "refused": refused})
			} else {
				p.Printf("%s loaded\n", dumped(counts))
			}
			if refused > 0 {
				return fault.Partialf(refused, "loaded", "this store cannot keep them as they are: indexer status --failures lists them with the reasons")
			}
			return nil
		},
	}
}

func dumped(n dump.Counts) string {
	return counted(n.Records, "picture") + ", " + counted(n.Failures, "failure") + ", " + counted(n.Documents, "document")
}
