package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/terminal"
)

func modelVerifyCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "check a model's files, or compare its variants",
		ArgsUsage: "[NAME...]",
		Description: `Every file is checked against its checksum; without a name, those of every model on
this machine.

With --against two variants of one model are compared on your own pictures: how far
their embeddings are apart, how many of the ten best pictures of a text both find, and
how much an embedding depends on the pictures that share its batch.

   indexer model verify starter
   indexer model verify Xenova/clip-vit-base-patch32 --precision int8 --against fp32
   indexer model verify ./model --precision fp16 --against fp32 --photos ~/Pictures`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), progressFlags(), againstFlags()),
		Action: func(c *cli.Context) error {
			if c.String("against") != "" {
				return verifyAgainst(c, p)
			}
			return verifyFiles(c, p)
		},
	}
}

// verifyFiles checks the files of models against their checksums.
func verifyFiles(c *cli.Context, p *cmdline.Program) error {
	cfg, err := p.Config(c)
	if err != nil {
		return err
	}
	models, err := p.FindModels(cfg, c.Args().Slice())
	if err != nil {
		return err
	}
	reporter, err := reporterFor(c, p)
	if err != nil {
		return err
	}
	defer reporter.Close()
	verified, err := app.VerifyModels(c.Context, models, hubProgress(reporter))
	reporter.Close()
	if err != nil {
		return err
	}
	for _, m := range verified {
		if c.Bool("json") {
			p.PrintJSON(m)
			continue
		}
		state := "whole"
		if !m.Whole {
			state = "damaged"
		}
		p.Printf("%s: %s\n", terminal.Safe(m.Name), state)
		for _, b := range m.Problems {
			p.Printf("   %s\n", terminal.Safe(b.String()))
		}
	}
	return app.Damaged(verified)
}
