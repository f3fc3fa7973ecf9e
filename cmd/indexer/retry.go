package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
)

func retryCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "retry",
		Usage: "try again the files that failed in earlier runs",
		Description: `   indexer status --failures      which files failed, and why
   indexer retry                  try them again`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.ModelFlags(), cmdline.OutputFlags(), progressFlags(), pipelineFlags()),
		Action: func(c *cli.Context) error {
			return runJob(c, p, app.IndexRequest{Work: app.Retry})
		},
	}
}
