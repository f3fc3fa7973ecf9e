package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/export"
	"github.com/sightline/sightline/internal/tagging/report"
	"github.com/sightline/sightline/internal/terminal"
)

// observer shows a run as progress.
type observer struct{ *cmdline.Reporter }

// Tagged implements tagging.Observer.
func (o observer) Tagged(n int) { o.Embedded(n) }

// tagRun is a run in hand.
type tagRun struct {
	tagOptions
	program  *cmdline.Program
	reporter *cmdline.Reporter
	registry *tagging.Registry
	tagger   *tagging.Tagger
	run      tagging.Run
	keywords keywords
	// labelsFile says that the list is a file, which has versions.
	labelsFile bool
	wd         string
	failed     int64 // sidecars
}

// tagJSON is a tag for scripts.
type tagJSON struct {
	Path        string  `json:"path"`
	Label       string  `json:"label"`
	Score       float32 `json:"score"`
	Probability float32 `json:"probability"`
	// PathBase64 is the path's bytes where they are not UTF-8, which JSON cannot hold.
	PathBase64 string `json:"path_base64,omitempty"`
}

func newTagJSON(path, label string, score, probability float32) tagJSON {
	return tagJSON{Path: path, Label: label, Score: score, Probability: probability, PathBase64: cmdline.PathBase64(path)}
}

// runJSON is the last line of a run for scripts.
type runJSON struct {
	Run            string  `json:"run"`
	Pictures       int64   `json:"pictures"`
	Tagged         int64   `json:"tagged"`
	Tags           int64   `json:"tags"`
	Labels         int     `json:"labels"`
	FailedSidecars int64   `json:"failed_sidecars"`
	Seconds        float64 `json:"seconds"`
	DryRun         bool    `json:"dry_run"`
}

// do tags, and then writes what was asked for out of the index: what was tagged by an
// earlier command of the same run is there too, so that a run which was cut short
// gives the same output as one that was not.
func (x *tagRun) do(ctx context.Context, c tagging.Classifier) error {
	began := time.Now()
	x.run.Sidecars = x.xmp
	var err error
	if x.run, err = x.tagger.Start(x.run, x.retag); err != nil {
		return err
	}
	if err := x.tagger.Tag(ctx, &x.run, c); err != nil {
		return err
	}
	counts := make(map[string]int64)
	page := report.NewRunPage()
	out := bufio.NewWriter(x.program.Stdout)
	err = x.tagger.Each(ctx, x.run.ID, func(r store.Record, tags []store.Tag) error {
		for _, t := range tags {
			counts[t.Label]++
		}
		if x.report != "" {
			page.Add(r.Path, reportTags(tags))
		}
		if x.json {
			return writeTags(out, r.Path, tags)
		}
		return nil
	})
	if err = errors.Join(err, out.Flush()); err != nil {
		return err
	}
	for _, f := range x.exports {
		if err := x.export(ctx, f); err != nil {
			return err
		}
	}
	if x.xmp {
		if err := x.writeSidecars(ctx); err != nil {
			return err
		}
	}
	if x.report != "" {
		if err := x.writeReport(ctx, page); err != nil {
			return err
		}
	}
	x.reporter.Close()
	if x.json {
		return x.summaryJSON(time.Since(began))
	}
	return x.summary(counts)
}

// writeTags prints the tags of a picture for scripts.
func writeTags(w io.Writer, path string, tags []store.Tag) error {
	for _, t := range tags {
		if err := writeTagJSON(w, path, t.Label, t.Score, t.Probability); err != nil {
			return err
		}
	}
	return nil
}

func reportTags(tags []store.Tag) []report.Tag {
	out := make([]report.Tag, len(tags))
	for i, t := range tags {
		out[i] = report.Tag{Label: t.Label, Probability: t.Probability}
	}
	return out
}

// export writes a table of the run's tags.
func (x *tagRun) export(ctx context.Context, f exportFile) error {
	from := x.run.Plan.Provenance
	err := export.File(f.path, f.format, func(w export.Writer) error {
		return x.tagger.Each(ctx, x.run.ID, func(r store.Record, tags []store.Tag) error {
			for _, t := range tags {
				row := export.Row{
					Path: r.Path, Label: t.Label, Score: t.Score, Probability: t.Probability, ID: r.ID,
					Run: x.run.ID, Model: from.Model, Labels: from.Labels, Templates: from.Templates, Time: x.run.Started,
				}
				if err := w.Write(row); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// reportSide is the longer side of a picture in a report.
const reportSide = 240

func (x *tagRun) writeReport(ctx context.Context, page *report.RunPage) error {
	r := &x.run
	direction := fmt.Sprintf("at most %d labels a picture, from a probability of %g", r.Plan.Count, r.Plan.MinProbability)
	if r.Plan.Direction == tagging.PerLabel {
		direction = fmt.Sprintf("at most %d pictures a label, from a probability of %g", r.Plan.Count, r.Plan.MinProbability)
	}
	facts := report.Facts{
		Run: r.ID, Model: r.ModelName, Labels: fmt.Sprintf("%d from %s", r.LabelCount, r.LabelsFrom),
		Time: r.Started.Format("2006-01-02 15:04 MST"), Direction: direction, Templates: r.Templates,
		Pictures: r.Pictures, Tagged: r.Tagged, Tags: r.Tags,
	}
	err := atomicfile.Write(x.report, func(w io.Writer) error {
		return page.Write(ctx, w, facts, func(path string) (image.Image, error) { return thumbnail(path, reportSide) })
	})
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func (x *tagRun) summaryJSON(took time.Duration) error {
	r := &x.run
	return json.NewEncoder(x.program.Stdout).Encode(runJSON{
		Run: r.ID, Pictures: r.Pictures, Tagged: r.Tagged, Tags: r.Tags, Labels: r.LabelCount,
		FailedSidecars: x.failed, Seconds: took.Seconds(), DryRun: x.dryRun,
	})
}

// summaryLabels is how many labels a summary counts.
const summaryLabels = 20

func (x *tagRun) summary(counts map[string]int64) error {
	r := &x.run
	x.program.Printf("%d tags on %d of %d pictures, run %s\n", r.Tags, r.Tagged, r.Pictures, r.ID)
	x.program.Printf("%s", countTable(counts))
	x.noteOlderRuns()
	if r.Tags > 0 {
		x.program.Notef("take them back with: search tag --undo %s", r.ID)
	}
	return nil
}

// countTable lists the labels that were found, the most frequent first.
func countTable(counts map[string]int64) string {
	var names []string
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, name := range names[:min(len(names), summaryLabels)] {
		fmt.Fprintf(t, "  %s\t%d\n", terminal.Safe(name), counts[name])
	}
	t.Flush()
	if more := len(names) - summaryLabels; more > 0 {
		fmt.Fprintf(&b, "  and %d more labels\n", more)
	}
	return b.String()
}

// noteOlderRuns says that an earlier version of the same list has left tags.
func (x *tagRun) noteOlderRuns() {
	runs, err := x.registry.Runs()
	if err != nil {
		x.program.Log.Warn("the earlier runs could not be read", "error", err)
		return
	}
	for _, r := range runs {
		if r.ID != x.run.ID && r.LabelsFrom == x.run.LabelsFrom && x.labelsFile && r.Tags > 0 {
			x.program.Notef("note: run %s of %s has left %d tags from %s too", r.ID, r.Started.Format("2006-01-02"), r.Tags,
				terminal.Safe(r.LabelsFrom))
		}
	}
}

// preview shows what a run would write.
func (x *tagRun) preview(ctx context.Context, c tagging.Classifier) error {
	began := time.Now()
	x.run.ID = x.run.Plan.ID()
	counts := make(map[string]int64)
	out := bufio.NewWriter(x.program.Stdout)
	err := x.tagger.Preview(ctx, &x.run, c, func(r store.Record, tags []store.Tag) error {
		x.run.Tagged++
		x.run.Tags += int64(len(tags))
		for _, t := range tags {
			counts[t.Label]++
		}
		switch {
		case x.json:
			return writeTags(out, r.Path, tags)
		case x.xmp:
			return x.showSidecar(out, r.Path, tags)
		}
		fmt.Fprintf(out, "%s\n", terminal.Safe(cmdline.Shorten(r.Path, x.wd)))
		for _, t := range tags {
			fmt.Fprintf(out, "  + %s  %.1f %%\n", terminal.Safe(t.Label), 100*t.Probability)
		}
		return nil
	})
	if err = errors.Join(err, out.Flush()); err != nil {
		return err
	}
	x.reporter.Close()
	for _, f := range x.exports {
		x.program.Notef("dry run: %s is not written", terminal.Safe(f.path))
	}
	if x.report != "" {
		x.program.Notef("dry run: %s is not written", terminal.Safe(x.report))
	}
	if x.json {
		return x.summaryJSON(time.Since(began))
	}
	x.program.Printf("dry run: %d tags on %d pictures\n%s", x.run.Tags, x.run.Tagged, countTable(counts))
	if x.failed > 0 {
		return fault.Partialf(x.failed, "given a sidecar", "")
	}
	return nil
}
