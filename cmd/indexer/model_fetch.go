package main

import (
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/clip/hub"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
)

func modelFetchCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "fetch",
		Usage:     "bring a model from the Hugging Face hub",
		ArgsUsage: "[OWNER/NAME]",
		Description: `Without a name it brings ` + hub.DefaultModel + `. A fetch that was cut goes on
where it stopped; every file is checked against the hub's own checksum, and the
model is used offline afterwards. HF_ENDPOINT names a mirror, HF_TOKEN opens gated
models, HF_HUB_OFFLINE forbids the network.

   indexer model fetch
   indexer model fetch Xenova/clip-vit-base-patch32 --variant quantized
   indexer run ~/Pictures --model Xenova/clip-vit-base-patch32`,
		Flags: cmdline.Flags(modelDirFlags(), cmdline.OutputFlags(), progressFlags(), []cli.Flag{
			&cli.StringFlag{Name: "variant", Usage: "`KIND` of weights: " + strings.Join(hub.Precisions(), ", "), DefaultText: "fp32"},
			&cli.StringFlag{Name: "revision", Usage: "branch, tag or commit `REV`", DefaultText: "pinned"},
		}),
		Action: func(c *cli.Context) error { return fetchModel(c, p) },
	}
}

func fetchModel(c *cli.Context, p *cmdline.Program) error {
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	if c.NArg() > 1 {
		return fault.Usagef("", "indexer model fetch takes one name")
	}
	reporter, err := reporterFor(c, p)
	if err != nil {
		return err
	}
	defer reporter.Close()
	b, err := p.FetchBundle(c.Context, cfg, hub.FetchRequest{
		Repo: c.Args().First(), Revision: c.String("revision"), Precision: c.String("variant"), Observer: hubProgress(reporter),
	})
	reporter.Close()
	if err != nil {
		return err
	}
	if c.Bool("json") {
		p.PrintJSON(map[string]any{
			"name": b.Name, "dir": b.Dir, "variant": b.Precision, "commit": b.Manifest.Commit,
			"bytes": b.Manifest.Bytes(), "received": b.Received,
		})
		return nil
	}
	what := "fetched " + humanize.Bytes(uint64(b.Received))
	if b.Received == 0 {
		what = "already complete"
	}
	p.Printf("%s (%s): %s\nin %s\n", b.Name, b.Precision, what, terminal.Safe(b.Dir))
	p.Printf("next: indexer model use %s\n", terminal.ShellWord(b.Name))
	return nil
}
