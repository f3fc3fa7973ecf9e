package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/sidecar"
	"github.com/sightline/sightline/internal/terminal"
)

// listRuns prints the runs of an index, the oldest first.
func listRuns(c *cli.Context, p *cmdline.Program) error {
	cfg, st, err := p.OpenAnyStore(c, store.ReadOnly)
	if err != nil {
		return err
	}
	defer st.Close()
	dir, err := app.RunsDir(c.Context, cfg, st)
	if err != nil {
		return err
	}
	runs, err := tagging.OpenRegistry(dir).Runs()
	if err != nil {
		return err
	}
	if c.Bool("json") {
		enc := json.NewEncoder(p.Stdout)
		enc.SetEscapeHTML(false)
		for _, r := range runs {
			if err := enc.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	if len(runs) == 0 {
		p.Notef("there are no tagging runs")
		return nil
	}
	t := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RUN\tSTARTED\tSTATE\tTAGS\tPICTURES\tPER\tLABELS")
	for _, r := range runs {
		state := "finished"
		if r.Finished.IsZero() {
			state = "cut short"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%s\t%d from %s\n", r.ID, r.Started.Local().Format("2006-01-02 15:04"), state,
			r.Tags, r.Tagged, r.Plan.Direction, r.LabelCount, terminal.Safe(r.LabelsFrom))
	}
	return t.Flush()
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
	dir, err := app.RunsDir(c.Context, cfg, st)
	if err != nil {
		return err
	}
	registry := tagging.OpenRegistry(dir)
	run, err := registry.Find(c.String("undo"))
	if err != nil {
		return err
	}
	reporter, err := p.Reporter(c.String("progress"), c.Bool("json"))
	if err != nil {
		return err
	}
	defer reporter.Close()
	reporter.Verb("taken back")
	reporter.Planned(int(run.Tagged))
	tagger := tagging.New(st, registry, observer{reporter})

	var failed int64
	if run.Sidecars {
		none := func([]store.Tag) []sidecar.Keyword { return nil }
		if failed, err = updateSidecars(c.Context, tagger, run.ID, reporter.Failed, none); err != nil {
			return err
		}
	}
	pictures, err := tagger.Undo(c.Context, run.ID)
	if err != nil {
		return err
	}
	if failed == 0 { // else the run is still known, so that undo can be repeated
		if err := registry.Forget(run.ID); err != nil {
			return err
		}
	}
	reporter.Close()
	if c.Bool("json") {
		err := json.NewEncoder(p.Stdout).Encode(struct {
			Run            string `json:"run"`
			Pictures       int64  `json:"pictures"`
			FailedSidecars int64  `json:"failed_sidecars"`
		}{run.ID, pictures, failed})
		if err != nil {
			return err
		}
	} else {
		p.Printf("run %s is taken back from %d pictures\n", run.ID, pictures)
	}
	if failed > 0 {
		return fault.Partialf(failed, "cleared", "mend what is wrong and repeat the command: its tags are out of the index, the run is kept for the sidecars")
	}
	return nil
}
