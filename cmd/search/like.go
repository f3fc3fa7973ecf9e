package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/query"
)

func likeCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "like",
		Usage:     "find pictures like one that is in the index",
		ArgsUsage: "ID-or-PATH",
		Description: `The picture's stored embedding is used: its file is not read, and need not be there.

   search like ~/Pictures/dog.jpg
   search like 3f1c9a52e8d04b7786a1c5e9f20b4d6e8a7c1b30`,
		Flags: queryFlags(),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("for example: search like ~/Pictures/dog.jpg", "search like takes one id or path")
			}
			return find(c, p, query.PictureLike(c.Args().First()))
		},
	}
}
