package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
)

func progressFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "progress", Usage: "show progress on stderr as `auto|text|json|none`", DefaultText: "auto", Category: "Output"},
	}
}

// reporterFor returns the owner of stderr for the time of the work.
func reporterFor(c *cli.Context, p *cmdline.Program) (*cmdline.Reporter, error) {
	return p.Reporter(c.String("progress"), c.Bool("json"))
}
