package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/terminal"
)

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
