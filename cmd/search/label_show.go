package main

import (
	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/terminal"
)

func labelShowCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "show what a saved label was made of",
		ArgsUsage: "NAME",
		Description: `With --json it is all of the label, its embedding too.

   search label show holiday`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags()),
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
			model := st.Model()
			l, err := labels.Load(c.Context, name)
			if err != nil {
				return meantLabel(c.Context, labels, name, err)
			}
			j := newLabelJSON(*l, model)
			if c.Bool("json") {
				j.Vector = l.Vector
				p.PrintJSON(j)
				return nil
			}
			p.Printf("#%s\ncreated  %s\nmodel    %s\n", l.Name, l.Created.Local().Format("2006-01-02 15:04"), terminal.Safe(j.Model))
			for _, name := range l.Like {
				p.Printf("like     %s\n", terminal.Safe(name))
			}
			for _, name := range l.Unlike {
				p.Printf("unlike   %s\n", terminal.Safe(name))
			}
			if !j.Usable {
				p.Notef("note: the index has another model, %s: search label refresh makes it again of its pictures", terminal.Safe(model.Label()))
			}
			return nil
		},
	}
}
