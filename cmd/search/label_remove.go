package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/terminal"
)

func labelRemoveCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:        "remove",
		Usage:       "remove a saved label",
		ArgsUsage:   "NAME",
		Description: `   search label remove holiday`,
		Flags:       cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags()),
		Action: func(c *cli.Context) error {
			name, err := labelName(c)
			if err != nil {
				return err
			}
			labels, st, err := openLabels(c, p)
			if err != nil {
				return err
			}
			defer st.Close()
			if err := labels.Remove(c.Context, name); err != nil {
				return meantLabel(c.Context, labels, name, err)
			}
			if !c.Bool("json") {
				p.Printf("#%s is removed\n", terminal.Safe(name))
			}
			return nil
		},
	}
}
