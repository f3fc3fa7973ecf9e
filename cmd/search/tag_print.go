package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/terminal"
)

// previewTags shows what a run would write.
func previewTags(c *cli.Context, p *cmdline.Program, t *tagger, learned *tagging.Learned, o tagOptions) error {
	began := time.Now()
	out := bufio.NewWriter(p.Stdout)
	wd, err := os.Getwd()
	if err != nil {
		wd = "" // only for shorter paths
	}
	diff := t.SidecarDiff(out, learned.Classifier, o.run)
	var show tagging.Sink = textPreview{out, wd}
	switch {
	case o.json:
		show = tagging.Lines(out)
	case o.run.Sidecars:
		show = diff
	}
	s, err := t.Preview(c.Context, learned.Classifier, o.run, show)
	if err = errors.Join(err, out.Flush()); err != nil {
		return err
	}
	t.Close()
	for _, f := range o.run.Exports {
		p.Notef("dry run: %s is not written", terminal.Safe(f.Path))
	}
	if o.run.Report != "" {
		p.Notef("dry run: %s is not written", terminal.Safe(o.run.Report))
	}
	if o.json {
		return writeTagSummaryJSON(p.Stdout, s, learned, time.Since(began))
	}
	p.Printf("dry run: %s on %s\n%s", cmdline.Count(s.Run.Tags, "tag", "tags"), cmdline.Count(s.Run.Tagged, "picture", "pictures"), countTable(s.Labels))
	writeLearned(p, s, learned)
	if diff.Failed > 0 {
		return fault.Partialf(diff.Failed, "given a sidecar", "")
	}
	return nil
}

// textPreview shows the tags of a dry run to people.
type textPreview struct {
	out io.Writer
	wd  string
}

// Add implements tagging.Sink.
func (x textPreview) Add(_ context.Context, r *store.Record, tags []store.Tag) error {
	_, err := fmt.Fprintln(x.out, terminal.Safe(cmdline.Shorten(r.Path, x.wd)))
	for _, t := range tags {
		fmt.Fprintf(x.out, "  + %s  %.1f %%\n", terminal.Safe(t.Label), 100*t.Probability)
	}
	return err
}

// Finish implements tagging.Sink.
func (textPreview) Finish(context.Context, *tagging.Run) error { return nil }

// Abandon implements tagging.Sink.
func (textPreview) Abandon() error { return nil }

// writeTagSummaryJSON prints the last line of a run for scripts.
func writeTagSummaryJSON(w io.Writer, s tagging.Summary, learned *tagging.Learned, took time.Duration) error {
	r := &s.Run
	return json.NewEncoder(w).Encode(struct {
		Run            string  `json:"run"`
		Pictures       int64   `json:"pictures"`
		Tagged         int64   `json:"tagged"`
		Tags           int64   `json:"tags"`
		Labels         int     `json:"labels"`
		FailedSidecars int64   `json:"failed_sidecars"`
		Seconds        float64 `json:"seconds"`
		DryRun         bool    `json:"dry_run"`
		// Corrections is what was learned, and what changed against the run's tags before.
		Corrections []correctionJSON `json:"corrections,omitempty"`
	}{r.ID, r.Pictures, r.Tagged, r.Tags, r.LabelCount, s.FailedSidecars, took.Seconds(), s.DryRun, learnedJSON(s, learned)})
}

// writeTagSummary tells people what a run has come to, and which runs of earlier versions
// of the same list are still there.
func writeTagSummary(ctx context.Context, p *cmdline.Program, registry *tagging.Registry, s tagging.Summary, learned *tagging.Learned) {
	r := &s.Run
	p.Printf("%s on %d of %s, run %s\n", cmdline.Count(r.Tags, "tag", "tags"), r.Tagged, cmdline.Count(r.Pictures, "picture", "pictures"), r.ID)
	p.Printf("%s", countTable(s.Labels))
	writeLearned(p, s, learned)
	if r.LabelsFrom != label.Given { // a file has versions
		runs, err := registry.OfSameList(ctx, *r)
		if err != nil {
			p.Log.Warn("the earlier runs could not be read", "error", err)
		}
		for _, old := range runs {
			p.Notef("note: run %s of %s has left %s from %s too", old.ID, old.Started.Format("2006-01-02"), cmdline.Count(old.Tags, "tag", "tags"), terminal.Safe(old.LabelsFrom))
		}
	}
	if r.Tags > 0 {
		p.Notef("take them back with: search tag --undo %s", r.ID)
	}
}

// learnedJSON is what was learned from corrections, for scripts.
func learnedJSON(s tagging.Summary, learned *tagging.Learned) []correctionJSON {
	var out []correctionJSON
	for _, l := range learned.Labels {
		name := learned.List().Labels[l.Label].Name
		change := s.Changes[name]
		out = append(out, correctionJSON{name, l.Approved, l.Rejected, l.Before, l.After, change.Added, change.Removed})
	}
	return out
}

// writeLearned tells people what was learned from corrections.
func writeLearned(p *cmdline.Program, s tagging.Summary, learned *tagging.Learned) {
	for i, j := range learnedJSON(s, learned) {
		l := learned.Labels[i]
		p.Printf("corrected: %s\n", correctionLine(j.Label, j.Approved, j.Rejected, j.Before, j.After, j.Added, j.Removed))
		if l.StaleThreshold {
			p.Notef("note: the threshold of %s was set for another model, and is not heeded", terminal.Safe(j.Label))
		}
		if n := l.Approved + l.Rejected - l.Used; n > 0 && learned.IsOpen(l.Label) {
			p.Notef("note: %s that %s corrected for %s teach nothing: they are not in the index any more", cmdline.Count(int64(n), "picture", "pictures"), wasOrWere(n), terminal.Safe(j.Label))
		}
	}
}

func wasOrWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// summaryLabels is how many labels a summary counts.
const summaryLabels = 20

// countTable lists labels with their pictures.
func countTable(labels []tagging.LabelCount) string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, l := range labels[:min(len(labels), summaryLabels)] {
		fmt.Fprintf(t, "  %s\t%d\n", terminal.Safe(l.Label), l.Pictures)
	}
	t.Flush()
	if more := len(labels) - summaryLabels; more > 0 {
		fmt.Fprintf(&b, "  and %s\n", cmdline.Count(int64(more), "more label", "more labels"))
	}
	return b.String()
}
