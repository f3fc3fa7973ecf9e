package main

import (
	"context"
	"fmt"
	"image"
	"io"
	"strings"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/measure/evaluate"
	"github.com/sightline/sightline/internal/tagging/report"
)

// thumbSide is the longer side of a picture on the page, in pixels.
const thumbSide = 240

// writeEvalPage writes the page with the worst misses.
func writeEvalPage(ctx context.Context, name string, r *app.EvaluationReport, set *evaluate.Set) error {
	page := report.EvalPage{Title: "How well pictures are found and labelled", Facts: []report.Fact{
		{Name: "Measured by", Value: string(r.Truth)},
		{Name: "Pictures", Value: fmt.Sprintf("%d of %d", r.Pictures, r.Known)},
	}}
	searching := report.Table{Title: "Searching", Head: []string{"figure", "%", "95 of 100 samples"}, Note: "A query is found among the first k where any of its pictures is there; map is the mean average precision."}
	for _, f := range retrievalRows(r.Result.Retrieval) {
		searching.Rows = append(searching.Rows, []string{f.name, fmt.Sprintf("%.1f", f.value), fmt.Sprintf("%.1f to %.1f", f.in.Low, f.in.High)})
	}
	page.Tables = append(page.Tables, searching)
	for _, d := range []struct {
		title string
		all   []evaluate.Difference
	}{{"Searching, against ", r.Search}, {"Labelling, against ", r.Labels}} {
		if len(d.all) == 0 {
			continue
		}
		t := report.Table{Title: d.title + r.Against.Name, Head: []string{"figure", "index", "other", "difference", "95 of 100 samples", "p"}}
		for _, x := range d.all {
			t.Rows = append(t.Rows, []string{x.Figure, fmt.Sprintf("%.1f", x.A), fmt.Sprintf("%.1f", x.B), fmt.Sprintf("%+.1f", x.Difference.Difference),
				fmt.Sprintf("%.1f to %.1f", x.Interval.Low, x.Interval.High), fmt.Sprintf("%.3f", x.P)})
		}
		page.Tables = append(page.Tables, t)
	}
	if q := r.Result.Labelling; q != nil {
		labels := report.Table{
			Title: "Labelling", Head: []string{"label", "true of", "given", "right", "precision", "recall", "average precision"},
			Note: fmt.Sprintf("Precision %.1f %%, recall %.1f %%, F1 %.1f %%; calibration error %.1f %%, %.1f %% from a probability of 0.05 on.",
				100*q.Threshold.Precision, 100*q.Threshold.Recall, 100*q.Threshold.F1, 100*q.CalibrationError, 100*q.LikelyError),
		}
		for _, l := range q.PerLabel {
			labels.Rows = append(labels.Rows, []string{l.Label, fmt.Sprint(l.Positives), fmt.Sprint(l.Given), fmt.Sprint(l.Right),
				fmt.Sprintf("%.0f %%", 100*l.Precision), fmt.Sprintf("%.0f %%", 100*l.Recall), fmt.Sprintf("%.0f %%", 100*l.AveragePrecision)})
		}
		reliability := report.Table{Title: "Reliability", Head: []string{"probability", "pairs", "given", "found"}}
		for _, b := range q.Reliability {
			reliability.Rows = append(reliability.Rows, []string{fmt.Sprintf("%.1f to %.1f", b.From, b.To), fmt.Sprint(b.Pairs), fmt.Sprintf("%.1f %%", 100*b.Mean), fmt.Sprintf("%.1f %%", 100*b.Rate)})
		}
		page.Tables = append(page.Tables, labels, reliability)
	}
	page.Galleries = missesOf(r, set)
	return atomicfile.Write(name, func(w io.Writer) error {
		return page.Write(ctx, w, func(path string) (image.Image, error) { return imaging.Thumbnail(path, thumbSide) })
	})
}

// missesOf are the worst mistakes, with their pictures.
func missesOf(r *app.EvaluationReport, set *evaluate.Set) []report.Gallery {
	queries := report.Gallery{Title: "Queries whose pictures are far down", Note: "What came first, and the best of what was wanted."}
	for _, m := range r.Misses.Queries {
		row := report.GalleryRow{Title: m.Query}
		for i, at := range m.First {
			row.Pictures = append(row.Pictures, report.Shown{Path: set.Pictures[at].Path, Text: fmt.Sprintf("%d.", i+1)})
		}
		row.Pictures = append(row.Pictures, report.Shown{Path: set.Pictures[m.Wanted].Path, Text: fmt.Sprintf("wanted, at %d:", m.Rank)})
		queries.Rows = append(queries.Rows, row)
	}
	out := []report.Gallery{queries}
	for _, g := range []struct {
		title  string
		misses []evaluate.LabelMiss
	}{{"Surest wrong labels", r.Misses.Wrong}, {"Labels that were missed", r.Misses.Missing}} {
		var row report.GalleryRow
		for _, m := range g.misses {
			row.Pictures = append(row.Pictures, report.Shown{Path: set.Pictures[m.Picture].Path, Text: fmt.Sprintf("%s %.1f %%", m.Label, 100*m.Probability)})
		}
		if len(row.Pictures) > 0 {
			out = append(out, report.Gallery{Title: g.title, Rows: []report.GalleryRow{row}})
		}
	}
	return out
}

// checkHTML refuses a name that browsers would not take for a page.
func checkHTML(name string) error {
	if lower := strings.ToLower(name); name != "" && !strings.HasSuffix(lower, ".html") && !strings.HasSuffix(lower, ".htm") {
		return fault.Usagef("", "--html is %q; it must end in .html", name)
	}
	return nil
}
