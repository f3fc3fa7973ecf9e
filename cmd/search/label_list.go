package main

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/terminal"
)

func labelListCommand(p *cmdline.Program) *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list the saved labels of an index",
		Description: `   search label list
   search label list --json`,
		Flags: cmdline.Flags(cmdline.StoreFlags(), cmdline.OutputFlags()),
		Action: func(c *cli.Context) error {
			labels, st, err := openLabels(c, p)
			if err != nil {
				return err
			}
			defer st.Close()
			model := st.Model()
			list, failed := labels.List(c.Context)
			for _, err := range failed {
				p.Notef("warning: %s", terminal.Safe(fault.Words(err)))
			}
			var bad error
			if n := len(failed); n > 0 {
				bad = &fault.Error{
					Err:    fmt.Errorf("%s cannot be read", cmdline.Count(int64(n), "saved label", "saved labels")),
					Advice: "a label that cannot be read can be saved again under its name, or removed", Kind: fault.Partial,
				}
			}
			if c.Bool("json") {
				for _, l := range list {
					p.PrintJSON(newLabelJSON(l, model))
				}
				return bad
			}
			if len(list) == 0 {
				if bad == nil {
					p.Notef("no labels are saved (search label save --help)")
				}
				return bad
			}
			var out strings.Builder
			t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
			write := func(cells ...string) { t.Write([]byte(strings.Join(cells, "\t") + "\n")) } // a Builder takes all
			write("LABEL", "LIKE", "UNLIKE", "CREATED", "MODEL")
			for _, l := range list {
				remark := terminal.Safe(l.Model.Label())
				if !newLabelJSON(l, model).Usable {
					remark += "  (another model than the index: search label refresh)"
				}
				write("#"+l.Name, strconv.Itoa(len(l.Like)), strconv.Itoa(len(l.Unlike)), l.Created.Local().Format("2006-01-02"), remark)
			}
			t.Flush()
			p.Printf("%s", out.String())
			return bad
		},
	}
}
