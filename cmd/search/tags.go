package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/query/taglist"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

func tagsCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "tags",
		Usage:     "list the tags of the index, with how many pictures have them",
		ArgsUsage: "[FILTER...]",
		Description: `Says of each tag how many pictures have it, and from where: their files (keywords), a
person (search tag add), or tagging runs (search tag). A filter counts only some pictures.

   search tags
   search tags under:photos/2024 -tag:indoor
   search tags --json | jq -r 'select(.pictures > 100).tag'`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags()),
		Action: func(c *cli.Context) error {
			filter, err := filterOf(c, p)
			if err != nil {
				return err
			}
			_, st, err := p.OpenAnyStore(c, store.ReadOnly)
			if err != nil {
				return err
			}
			defer st.Close()
			tags, err := taglist.Collect(c.Context, st, filter)
			if err != nil {
				return err
			}
			if c.Bool("json") {
				for _, t := range tags {
					p.PrintJSON(map[string]any{"tag": t.Label, "pictures": t.Pictures, "sources": t.Sources})
				}
				return nil
			}
			return printTags(p, tags)
		},
	}
}

// printTags prints a line for each tag.
func printTags(p *cmdline.Program, tags []taglist.Tag) error {
	if len(tags) == 0 {
		p.Notef("no picture has a tag; search tag --labels everyday finds some")
		return nil
	}
	t := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PICTURES\tTAG\tFROM")
	for _, tag := range tags {
		var from []string
		for _, source := range []string{"file", "user", "run"} {
			if n := tag.Sources[source]; n > 0 {
				from = append(from, fmt.Sprintf("%s %d", source, n))
			}
		}
		fmt.Fprintf(t, "%8d\t%s\t%s\n", tag.Pictures, terminal.Safe(tag.Label), strings.Join(from, ", "))
	}
	return t.Flush()
}
