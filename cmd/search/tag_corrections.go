package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging/corrections"
	"github.com/sightline/sightline/internal/terminal"
)

// listCorrections prints what was corrected, label by label.
func listCorrections(c *cli.Context, p *cmdline.Program) error {
	_, st, err := p.OpenAnyStore(c, store.ReadOnly)
	if err != nil {
		return err
	}
	defer st.Close()
	docs, err := app.Documents(st)
	if err != nil {
		return err
	}
	labels, err := corrections.Open(docs).Labels(c.Context)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		for i := range labels {
			p.PrintJSON(labels[i])
		}
		return nil
	}
	if len(labels) == 0 {
		p.Notef("nothing was corrected")
		return nil
	}
	var out strings.Builder
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "LABEL\tAPPROVED\tREJECTED\tTHRESHOLD")
	for i := range labels {
		l := &labels[i]
		approved, rejected := l.Count()
		threshold := ""
		if x := l.Threshold; x != nil {
			threshold = fmt.Sprintf("%g", x.Probability)
			if x.Model != st.Model().Fingerprint {
				threshold += " (of another model: not heeded)"
			}
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\n", terminal.Safe(l.Name), approved, rejected, threshold)
	}
	t.Flush()
	p.Printf("%s", out.String())
	return nil
}
