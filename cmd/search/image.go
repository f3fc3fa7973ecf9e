package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query"
)

func imageCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:        "image",
		Usage:       "find pictures like a file, which need not be in the index",
		ArgsUsage:   "FILE",
		Description: `   search image holiday.jpg -k 20`,
		Flags:       queryFlags(),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("for example: search image holiday.jpg; to search for the word: search text image", "search image takes one file")
			}
			return find(c, p, query.ImageFile(c.Args().First()))
		},
	}
}
