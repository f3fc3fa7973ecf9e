package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
)

func modelCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "model",
		Usage: "fetch, use, list, verify and quantise models",
		Subcommands: []*cli.Command{
			modelFetchCommand(p), modelUseCommand(p), modelListCommand(p), modelVerifyCommand(p), modelQuantizeCommand(p),
		},
	}
}

// modelDirFlags choose where models lie.
func modelDirFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Usage: "read settings from `FILE`"},
		&cli.StringFlag{Name: "models", Usage: "folder `DIR` that models are fetched into", DefaultText: "$XDG_DATA_HOME/sightline/models"},
	}
}
