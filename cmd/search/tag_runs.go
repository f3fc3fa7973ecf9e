package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
)

// listRuns prints the runs of an index, the oldest first.
func listRuns(c *cli.Context, p *cmdline.Program) error {
	cfg, st, err := p.OpenAnyStore(c, store.ReadOnly)
	if err != nil {
		return err
	}
	defer st.Close()
	registry, err := app.Runs(c.Context, cfg, st)
	if err != nil {
		return err
	}
	runs, damaged, err := registry.All(c.Context)
	if err != nil {
		return err
	}
	var bad error
	if n := len(damaged); n > 0 {
		for _, err := range damaged {
			p.Notef("warning: %s", terminal.Safe(err.Error()))
		}
		bad = &fault.Error{
			Err:    fmt.Errorf("%s cannot be read", cmdline.Count(int64(n), "tagging run", "tagging runs")),
			Advice: "its tags are in the index still: the same search tag as then rewrites the run", Kind: fault.Partial,
		}
	}
	if c.Bool("json") {
		enc := json.NewEncoder(p.Stdout)
		enc.SetEscapeHTML(false)
		for _, r := range runs {
			if err := enc.Encode(r); err != nil {
				return err
			}
		}
		return bad
	}
	if len(runs) == 0 {
		if bad == nil {
			p.Notef("there are no tagging runs")
		}
		return bad
	}
	t := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RUN\tSTARTED\tSTATE\tTAGS\tPICTURES\tPER\tLABELS")
	for _, r := range runs {
		state := "finished"
		if r.Finished.IsZero() {
			state = "cut short"
		}
		if m := r.Plan.Provenance.Model; m != "" && m != st.Model().Fingerprint {
			state = "of another model" // whose tags are in another index
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%s\t%d from %s\n", r.ID, r.Started.Local().Format("2006-01-02 15:04"), state,
			r.Tags, r.Tagged, r.Plan.Direction, r.LabelCount, terminal.Safe(r.LabelsFrom))
	}
	return errors.Join(t.Flush(), bad)
}

// undoRun takes the tags of a run back.
func undoRun(c *cli.Context, p *cmdline.Program) error {
	if c.IsSet("labels") || c.NArg() > 0 {
		return fault.Usagef("for example: search tag --undo last", "--undo takes a run and nothing else")
	}
	cfg, st, err := p.OpenAnyStore(c, store.ReadWrite)
	if err != nil {
		return err
	}
	defer st.Close()
	t, err := openTagger(c, p, cfg, st)
	if err != nil {
		return err
	}
	defer t.Close()
	t.Verb("taken back")
	u, err := t.Undo(c.Context, c.String("undo"))
	if err != nil {
		return err
	}
	t.Close()
	if c.Bool("json") {
		err := json.NewEncoder(p.Stdout).Encode(struct {
			Run            string `json:"run"`
			Pictures       int64  `json:"pictures"`
			FailedSidecars int64  `json:"failed_sidecars"`
		}{u.Run.ID, u.Pictures, u.FailedSidecars})
		if err != nil {
			return err
		}
	} else {
		p.Printf("run %s is taken back from %s\n", u.Run.ID, cmdline.Count(u.Pictures, "picture", "pictures"))
	}
	if u.FailedSidecars > 0 {
		return fault.Partialf(u.FailedSidecars, "cleared", "fix what is wrong and repeat the command: its tags are out of the index, the run is kept for the sidecars")
	}
	return nil
}
