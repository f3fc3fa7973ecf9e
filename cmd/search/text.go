package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/terminal"
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
                                              the surest tags and the newest first

The words + - NOT and filters mean something; docs/query.md has all of it.

   search "2*red car + night - people"        more of one thing, less of another
   search "beach NOT people"                  no pictures that show people
   search "sunset under:trips/2024 -tag:indoor width>=2000"
   search "@photo.jpg + snow"                 a picture and a text together
   search "at night cluster:3.1"              in a cluster of indexer explore
   search "#holiday after:2024"               a label of one's own: search label --help
   search --literal "cats - the musical"      only a text, as it stands
   search unicorn --cutoff auto               nothing where nothing matches`,
		Flags: append(queryFlags(),
			&cli.BoolFlag{Name: "literal", Usage: "take the query for a text as it stands, whatever is in it", Category: "Narrowing"}),
		Action: func(c *cli.Context) error {
			text := strings.Join(c.Args().Slice(), " ")
			if c.NArg() == 0 && narrows(c) {
				return list(c, p, query.Line{})
			}
			if c.Bool("literal") {
				return find(c, p, query.Text(text))
			}
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			line, err := query.ParseLine(text, query.FilterOptions{
				FileDates: c.Bool("file-dates"), Cluster: p.NewClusters(cfg).Filter(c.Context),
			})
			switch {
			case err != nil:
				return err
			case len(line.Query.Terms) == 0 && line.Filter == nil:
				return query.ErrEmpty
			case len(line.Query.Terms) == 0:
				return list(c, p, line)
			}
			for _, advice := range line.Advice() {
				p.Notef("hint: %s", terminal.Safe(advice))
			}
			return find(c, p, line)
		},
	}
}
