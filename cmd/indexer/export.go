package main

import (
	"time"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/terminal/progress"
)

// milvusBulk is the form of an export for the bulk insert of Milvus.
const milvusBulk = "milvus-bulk"

func exportCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write the index in a form that another system imports",
		ArgsUsage: "DIR",
		Description: `milvus-bulk is a folder of Parquet files in the layout that the bulk insert of Milvus
reads, 2.3.4 and newer, with what belongs to the index besides: failures, tag runs
and saved labels. A server imports such files several times as fast as it takes
records one message after the other. Memory is bounded, whatever the size.

   indexer export --to milvus-bulk /srv/export
   mc cp --recursive /srv/export/ minio/milvus-bucket/sightline/
   indexer import /srv/export --store milvus --at sightline`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), []cli.Flag{
			&cli.StringFlag{Name: "to", Usage: "the `FORM`: " + milvusBulk},
			&cli.BoolFlag{Name: "force", Usage: "replace an earlier export in DIR"},
			&cli.Int64Flag{Name: "file-bytes", Usage: "at most about `N` bytes a file", DefaultText: "256 MiB"},
		}),
		Action: func(c *cli.Context) error {
			const example = "for example: indexer export --to milvus-bulk /srv/export"
			switch {
			case c.NArg() != 1:
				return fault.Usagef(example, "indexer export takes one folder")
			case c.String("to") != milvusBulk:
				return fault.Usagef(example, "--to is %q; it can be %s", c.String("to"), milvusBulk)
			case c.Int64("file-bytes") < 0:
				return fault.Usagef(example, "--file-bytes is %d; it can be 1 or more", c.Int64("file-bytes"))
			}
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			dir := c.Args().First()
			start := time.Now()
			r, err := p.ExportBulk(c.Context, cfg, dir, c.Bool("force"), c.Int64("file-bytes"))
			if err != nil {
				return err
			}
			if c.Bool("json") {
				p.PrintJSON(map[string]any{
					"records": r.Records, "files": r.Files, "bytes": r.Bytes, "failures": r.Failures, "documents": r.Documents,
					"refused": r.Refused, "seconds": time.Since(start).Seconds(),
				})
			} else {
				p.Printf("%s in %s, %s, written to %s in %s\n", counted(r.Records, "picture"), counted(int64(r.Files), "file"),
					humanize.Bytes(uint64(r.Bytes)), terminal.Safe(dir), time.Since(start).Round(10*time.Millisecond))
			}
			if r.Refused > 0 {
				return fault.Partialf(r.Refused, "exported", "Milvus cannot keep them as they are: rest.jsonl lists them as failures, with the reasons")
			}
			return nil
		},
	}
}

func importCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "let a Milvus server import what indexer export wrote",
		ArgsUsage: "DIR",
		Description: `The index is made, and must hold no pictures. The server reads the files of records
from its own storage; --at says where they lie there, as a path in its bucket. DIR
needs bulk.json and rest.jsonl alone. In the end the records are counted.

   indexer import /srv/export --store milvus --at sightline`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags(), progressFlags(), []cli.Flag{
			&cli.StringFlag{Name: "at", Usage: "`PATH` of the files in the server's storage", DefaultText: "DIR, for a server that stores on this machine"},
		}),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("for example: indexer import /srv/export --store milvus --at sightline", "indexer import takes one folder")
			}
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			reporter, err := reporterFor(c, p)
			if err != nil {
				return err
			}
			start := time.Now()
			rate := func(done int64) float64 { return float64(done) / time.Since(start).Seconds() }
			r, err := p.ImportBulk(c.Context, cfg, c.Args().First(), c.String("at"), func(done, total int64) {
				reporter.Bytes(progress.Bytes{What: "importing", Done: done, Total: total, Rate: rate(done)})
			})
			reporter.Close()
			if err != nil {
				return err
			}
			if c.Bool("json") {
				p.PrintJSON(map[string]any{
					"records": r.Records, "files": r.Files, "failures": r.Failures, "documents": r.Documents, "seconds": time.Since(start).Seconds(),
				})
			} else {
				p.Printf("%s imported in %s, %.0f a second\n", counted(r.Records, "picture"), time.Since(start).Round(10*time.Millisecond), rate(r.Records))
			}
			return nil
		},
	}
}
