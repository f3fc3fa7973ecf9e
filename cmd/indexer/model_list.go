package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/clip/hub"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
)

func modelListCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list the models on this machine, and those that are known to work",
		Description: `   indexer model list
   indexer model list --json                      those on this machine, for scripts`,
		Flags: cmdline.Flags(modelDirFlags(), cmdline.OutputFlags()),
		Action: func(c *cli.Context) error {
			cfg, err := p.Config(c)
			if err != nil {
				return err
			}
			installed, err := hub.List(p.ModelDirs(cfg)...)
			if err != nil {
				p.Notef("warning: %s", terminal.Safe(fault.Words(err)))
			}
			if c.Bool("json") {
				for _, m := range installed {
					p.PrintJSON(m)
				}
				return nil
			}
			printInstalled(p, installed)
			p.Printf("\nto fetch with indexer model fetch NAME:\n")
			printFetchable(p, installed)
			return nil
		},
	}
}

func printInstalled(p *cmdline.Program, installed []hub.Installed) {
	t := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	defer t.Flush()
	fmt.Fprintln(t, "MODEL\tVARIANTS\tSIZE\tSTATE\tWHERE")
	for _, m := range installed {
		state := "complete"
		if !m.Complete {
			state = "incomplete"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", terminal.Safe(m.Name), strings.Join(m.Precisions, ","),
			humanize.Bytes(uint64(m.Bytes)), state, terminal.Safe(m.Dir))
	}
}

// printFetchable lists the known models that are not on this machine.
func printFetchable(p *cmdline.Program, installed []hub.Installed) {
	t := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	defer t.Flush()
	for _, k := range hub.Known() {
		if !slices.ContainsFunc(installed, func(m hub.Installed) bool { return m.Name == k.Name }) {
			fmt.Fprintf(t, "   %s\t%s\n", k.Name, k.Summary)
		}
	}
}
