package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
)

func labelsCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:        "labels",
		Usage:       "work on label lists",
		Subcommands: []*cli.Command{labelsListCommand(p), labelsInitCommand(p), lintCommand(p), hubsCommand(p)},
	}
}
