package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/query"
)

func textCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "text",
		Usage:     "find pictures by a text; the word text may be left out",
		ArgsUsage: "QUERY",
		Description: `   search "a dog on a beach"
   search a dog on a beach -k 5               quotes are not needed
   search text image                          where the query is the name of a command
   search --tag beach -k 100                  without a text: what the filters leave,
                                              the surest tags and the newest first`,
		Flags: queryFlags(),
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 && narrows(c) {
				return list(c, p)
			}
			text := strings.Join(c.Args().Slice(), " ")
			if strings.TrimSpace(text) == "" {
				return query.ErrEmpty
			}
			return find(c, p, query.Text(text))
		},
	}
}
