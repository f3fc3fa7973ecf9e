package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
)

func configCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:        "config",
		Usage:       "show the settings, and write a file of them",
		Subcommands: []*cli.Command{configShowCommand(p), configInitCommand(p)},
	}
}
