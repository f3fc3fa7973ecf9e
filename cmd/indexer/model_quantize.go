package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/clip/quantize"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
)

func modelQuantizeCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "quantize",
		Usage:     "make the int8 variant of a model from its fp32 files",
		ArgsUsage: "NAME-or-DIR",
		Description: `The variant is written beside the fp32 files: a quarter of their size, and several
times faster where the CPU has the instructions. It is used with --precision int8, and
needs an index of its own. What an image tower computes and throws away is left out. The
tools for it are Python's, so that Python does it:

   python3 -m venv ~/.venv/quantize
   ~/.venv/quantize/bin/pip install --require-hashes -r scripts/quantize/requirements.txt
   indexer model quantize Xenova/clip-vit-base-patch32 --python ~/.venv/quantize/bin/python
   indexer model verify Xenova/clip-vit-base-patch32 --against fp32 --precision int8`,
		Flags: cmdline.Flags(modelDirFlags(), []cli.Flag{
			&cli.StringFlag{Name: "python", Usage: "run `FILE`, a Python with the packages of scripts/quantize/requirements.txt", Value: "python3"},
			&cli.BoolFlag{Name: "force", Usage: "replace an int8 variant that is there"},
		}),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("indexer model list shows what is there", "indexer model quantize takes one model")
			}
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			m, err := p.FindModel(cfg, c.Args().First())
			if err != nil {
				return err
			}
			script, err := quantize.FindScript(p.Executable)
			if err != nil {
				return err
			}
			err = quantize.Run(c.Context, quantize.Request{
				Bundle: m.Dir, Script: script, Python: c.String("python"), Force: c.Bool("force"), Output: p.Stdout,
			})
			if err != nil {
				return err
			}
			p.Printf("next: indexer model verify %s --against fp32 --precision int8\n", terminal.ShellWord(m.Name))
			return nil
		},
	}
}
