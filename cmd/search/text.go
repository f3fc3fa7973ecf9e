package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/terminal"
)

func textCommand(p *cmdline.Program) *cli.Command {
	const asking = "Query"
	return &cli.Command{
		Name:      "text",
		Usage:     "find pictures by a text; the word text may be left out",
		ArgsUsage: "QUERY",
		Description: `   search "a dog on a beach"
   search a dog on a beach -k 5               quotes are not needed
   search ./dog.jpg                           pictures like a file; search text ./dog.jpg
                                              looks for the words
   search text image                          where the query is the name of a command
   search --tag beach -k 100                  without a text: what the filters leave,
                                              the surest tags and the newest first
   search                                     one query after another, on a terminal

The words + - NOT and filters mean something; docs/query.md has all of it.

   search "2*red car + night - people"        more of one thing, less of another
   search horse + stripes                     the same without quotes; 2:horse is 2*horse
   search "beach NOT people"                  no pictures that show people
   search "sunset under:trips/2024 -tag:indoor width>=2000"
   search "@photo.jpg + snow"                 a picture and a text together
   search ./photo.jpg - https://example.com/snow.jpg --allow-urls
   search "at night cluster:3.1"              in a cluster of indexer explore
   search "#holiday after:2024"               a label of one's own: search label --help
   search --literal "cats - the musical"      only a text, as it stands
   search unicorn --cutoff auto               nothing where nothing matches
   search beach --contact-sheet beach.html    the hits on a page
   search beach -k 1 --open                   in a viewer`,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "literal", Usage: "take the query for a text as it stands, whatever is in it", Category: asking},
			&cli.StringSliceFlag{Name: "add", Aliases: []string{"a"}, Usage: "more of this text, picture or address `QUERY`, as + does; repeatable", Category: asking},
			&cli.StringSliceFlag{Name: "subtract", Aliases: []string{"sub", "s"}, Usage: "less of this `QUERY`, as - does; repeatable", Category: asking},
		}, queryFlags()...),
		Action: func(c *cli.Context) error {
			asked := c.NArg() > 0 || c.IsSet("add") || c.IsSet("subtract")
			switch {
			case !asked && narrows(c):
				return list(c, p, query.Line{})
			case !asked && p.Interactive():
				return promptLoop(c, p)
			case c.Bool("literal"):
				return find(c, p, query.Text(strings.Join(c.Args().Slice(), " ")))
			}
			line, err := readLine(c, p)
			if err != nil {
				return err
			}
			return answerLine(c, p, line)
		},
	}
}

// readLine makes a line of the arguments. Where the command was left out, what names a
// picture is one; where text was named, it is words.
func readLine(c *cli.Context, p *cmdline.Program) (query.Line, error) {
	words := c.Args().Slice()
	for _, op := range []struct{ flag, sign string }{{"add", "+"}, {"subtract", "-"}} {
		for _, value := range c.StringSlice(op.flag) {
			words = append(words, op.sign, value)
		}
	}
	typed, pictures := strings.Join(words, " "), []string(nil)
	if p.Implied() {
		typed, pictures = query.JoinArguments(words)
	}
	line, err := query.ParseLine(typed, filterOptions(c, p))
	if err != nil {
		return line, err
	}
	if p.Implied() {
		var more []string
		line, more = line.WithPictures()
		notePictures(p, append(pictures, more...))
	}
	return line, nil
}

// notePictures says which words were taken for pictures.
func notePictures(p *cmdline.Program, pictures []string) {
	for _, name := range pictures {
		p.Notef("note: %s is taken for a picture; for the word: search --literal -- %s", terminal.Safe(name), terminal.ShellWord(name))
	}
}

// answerLine lists what a line without terms leaves, and finds what one with terms asks
// for.
func answerLine(c *cli.Context, p *cmdline.Program, line query.Line) error {
	switch {
	case len(line.Query.Terms) == 0 && line.Filter == nil:
		return query.ErrEmpty
	case len(line.Query.Terms) == 0:
		return list(c, p, line)
	}
	if folder := line.NamedFolder(); folder != "" {
		p.Notef("hint: %s is a folder: search --under %s shows what is below it", terminal.Safe(folder), terminal.ShellWord(folder))
	}
	for _, advice := range line.Advice() {
		p.Notef("hint: %s", terminal.Safe(advice))
	}
	return find(c, p, line)
}
