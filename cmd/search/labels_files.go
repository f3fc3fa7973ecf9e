package main

import (
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/terminal"
)

func labelsListCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list the label lists that ship with the program",
		Description: `A list is used by its name. To have the word itself as a label, put it in quotes that
reach the program.

   search tag --labels everyday
   search labels init mine.yaml --from everyday   to change it
   search tag --labels '"everyday"'               the word`,
		Flags: cmdline.Flags(cmdline.OutputFlags()),
		Action: func(c *cli.Context) error {
			lists, err := label.Bundled()
			if err != nil {
				return err
			}
			if c.Bool("json") {
				for _, l := range lists {
					p.PrintJSON(l)
				}
				return nil
			}
			t := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "NAME\tLABELS\tLICENCE\tABOUT")
			for _, l := range lists {
				fmt.Fprintf(t, "%s\t%6d\t%s\t%s\n", l.Name, l.Labels, l.Licence, l.About)
			}
			return t.Flush()
		},
	}
}

func labelsInitCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "write a commented example of a label list, or a copy of one that ships",
		ArgsUsage: "[FILE]",
		Description: `Without a file it goes to stdout. A file that is there is only replaced with --force.

A list is a file of one of these kinds, told by its ending:

   .txt    a label per line; # begins a comment
   .csv    a label per row; a first row names the columns: name, aliases, prompts, parent,
           group, threshold, with | between several values in one cell
   .yaml   a list of names, or of mappings with those keys
   .json   the same as YAML

   search labels init labels.yaml
   search labels init mine.yaml --from everyday`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "copy the list `NAME` that ships with the program", Category: "The list"},
			&cli.BoolFlag{Name: "force", Usage: "replace the file", Category: "The list"},
		},
		Action: func(c *cli.Context) error {
			text := label.Example()
			if name := c.String("from"); name != "" {
				b, ok := label.FindBundled(name)
				if !ok {
					return fault.Usagef("it can be "+spelling.Or(label.BundledNames()), "--from: there is no list %q", name)
				}
				text = b.Text()
			}
			if c.NArg() > 1 {
				return fault.Usagef("for example: search labels init labels.yaml", "search labels init takes one file")
			}
			file := c.Args().First()
			if file == "" || file == "-" {
				p.Printf("%s", text)
				return nil
			}
			if f := label.FormatOf(file); f != label.YAML {
				return fault.Usagef("for example: search labels init labels.yaml", "%s: the example is YAML, whose files end in .yaml", file)
			}
			if _, err := os.Lstat(file); !errors.Is(err, os.ErrNotExist) && !c.Bool("force") {
				return fault.Usagef("give another name, or replace it with --force", "%s is there already", file)
			}
			if err := atomicfile.WriteBytes(file, text); err != nil {
				return err
			}
			p.Printf("wrote %s; next: search tag --labels %s --dry-run\n", terminal.Safe(file), terminal.ShellWord(file))
			return nil
		},
	}
}
