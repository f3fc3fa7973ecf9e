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
		Usage:     "find pictures like some that are in the index",
		ArgsUsage: "ID-or-PATH...",
		Description: `The stored embeddings are used: no file is read, and none need be there. Of several
pictures the mean is taken, and a part of what they should be unlike is taken off it.

   search like ~/Pictures/dog.jpg
   search like 3f1c9a52e8d04b7786a1c5e9f20b4d6e8a7c1b30
   search like a.jpg b.jpg c.jpg --unlike d.jpg    more like these, less like that
   search label save NAME --like a.jpg             to ask the same again as #NAME`,
		Flags: append(queryFlags(), unlikeFlag("Narrowing")),
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return fault.Usagef("for example: search like ~/Pictures/dog.jpg", "search like takes ids or paths")
			}
			return find(c, p, query.Examples{Like: c.Args().Slice(), Unlike: c.StringSlice("unlike")})
		},
	}
}
