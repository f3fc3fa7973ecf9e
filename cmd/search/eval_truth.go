package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/measure/bootstrap"
	"github.com/sightline/sightline/internal/measure/evaluate"
	"github.com/sightline/sightline/internal/measure/retrieval"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging/report"
	"github.com/sightline/sightline/internal/terminal"
)

// sampleAgainst is how many pictures are drawn where another model has to embed them.
const sampleAgainst = 500

// truthFlags measure by what is known of the pictures of an index.
func truthFlags() []cli.Flag {
	const category = "By what is known"
	return []cli.Flag{
		&cli.StringFlag{Name: "truth", Usage: "measure by `captions|folders|tags`: a file of them, the names of folders, or keywords and tags by a person", Category: category},
		&cli.IntFlag{Name: "sample", Usage: "draw at most `N` pictures, the same ones each time", DefaultText: "5000; 500 with --against", Category: category},
		&cli.StringSliceFlag{Name: "against", Usage: "compare with other settings on the same pictures: a `MODEL`, or KEY=VALUE of model, precision, pixels, template, calibration, min-probability; repeatable", Category: category},
		&cli.StringFlag{Name: "html", Usage: "write a page with pictures of the worst misses to an HTML `FILE`", Category: category},
	}
}

// evalTruth measures an index by what is known of its pictures.
func evalTruth(c *cli.Context, p *cmdline.Program) error {
	truth := evaluate.Truth(c.String("truth"))
	switch truth {
	case "":
		truth = evaluate.Captions
	case evaluate.Captions, evaluate.Folders, evaluate.Tags:
	default:
		return fault.Usagef("", "--truth is %q; it can be captions, folders or tags", string(truth))
	}
	if (truth == evaluate.Captions) != c.IsSet("captions") {
		return fault.Usagef("for example: search eval --truth folders", "--captions FILE goes with --truth captions, and with no other")
	}
	sample := evaluate.DefaultSample
	if c.IsSet("against") {
		sample = sampleAgainst
	}
	if c.IsSet("sample") {
		if sample = c.Int("sample"); sample < 1 {
			return fault.Usagef("", "--sample is %d; it must be at least 1", sample)
		}
	}
	if err := errors.Join(checkProbability(c.Float64("min-probability")), checkHTML(c.String("html"))); err != nil {
		return err
	}
	one := app.Evaluation{Name: "the index", Minimum: float32(c.Float64("min-probability"))}
	var list *label.List
	var err error
	if c.IsSet("labels") {
		if list, err = readLabels(c); err != nil {
			return err
		}
	}
	if one.Labelling, err = readLabelling(c); err != nil {
		return err
	}
	if one.Config, err = p.Config(c); err != nil {
		return err
	}
	open, err := p.OpenIndex(c.Context, one.Config, store.ReadOnly, app.OneQuery)
	if err != nil {
		return err
	}
	defer open.Close()
	one.Config = withModel(one.Config, open)
	set, err := readTruth(c, open, truth, evaluate.Options{Sample: sample, List: list})
	if err != nil {
		return err
	}
	if one.List = list; list == nil && len(set.Labels) > 0 && truth != evaluate.Captions {
		if one.List, err = set.List(); err != nil {
			return err
		}
	}
	var other *app.Evaluation
	if c.IsSet("against") {
		v, err := one.Vary(c.StringSlice("against"))
		if err != nil {
			return err
		}
		other = &v
	}
	began := time.Now()
	r, err := p.Evaluate(c.Context, open, set, one, other, func(done, of int) {
		if done == 1 {
			p.Notef("embedding %s with the other model", cmdline.Count(int64(of), "picture", "pictures"))
		}
	})
	if err != nil {
		return err
	}
	p.Log.Debug("evaluated", "took", time.Since(began))
	if name := c.String("html"); name != "" {
		if err := writeEvalPage(c.Context, name, r, set); err != nil {
			return err
		}
		p.Notef("the page is in %s", terminal.Safe(name))
	}
	if c.Bool("json") {
		p.PrintJSON(r)
		return nil
	}
	writeEvaluation(p, r)
	return nil
}

// withModel names the model of an index in the settings, so that what is varied is one
// thing alone.
func withModel(cfg config.Config, open *app.Open) config.Config {
	spec := open.Encoder.Spec()
	if cfg.Model == "" {
		cfg.Model = spec.Name
	}
	if cfg.Precision == "" {
		cfg.Precision = spec.Precision
	}
	if cfg.Pixels == "" {
		cfg.Pixels = string(spec.Preprocess.Mode)
	}
	if cfg.Colour == "" {
		cfg.Colour = string(spec.Preprocess.Colour)
	}
	return cfg
}

func readTruth(c *cli.Context, open *app.Open, truth evaluate.Truth, o evaluate.Options) (*evaluate.Set, error) {
	if truth != evaluate.Captions {
		return evaluate.FromIndex(c.Context, open.Store, truth, o)
	}
	captions, err := retrieval.ReadCaptionsFile(c.String("captions"))
	if err != nil {
		return nil, err
	}
	return evaluate.FromCaptions(c.Context, open.Store, captions, o)
}

// writeEvaluation prints a report for people.
func writeEvaluation(p *cmdline.Program, r *app.EvaluationReport) {
	if r.Missing > 0 {
		p.Notef("warning: %s of the captions file not in the index, and not counted", cmdline.Count(int64(r.Missing), "picture", "pictures"))
	}
	if r.Unread > 0 {
		p.Notef("warning: %s could not be read for the other model, and are not counted", cmdline.Count(int64(r.Unread), "file", "files"))
	}
	x := r.Result.Retrieval
	p.Printf("pictures   %d of %d that the %s say something of\nqueries    %d\n", r.Pictures, r.Known, r.Truth, x.Queries)
	for _, f := range retrievalRows(x) {
		p.Printf("%-9s  %-5.1f (%.1f to %.1f)\n", f.name, f.value, f.in.Low, f.in.High)
	}
	if len(r.Search) > 0 {
		writeDifferences(p, "searching", r.Against.Name, r.Search)
	}
	if r.Result.Labelling != nil {
		p.Printf("\n")
		writeQuality(p, *r.Result.Labelling)
	}
	if len(r.Labels) > 0 {
		writeDifferences(p, "labelling", r.Against.Name, r.Labels)
	}
	if r.Truth != evaluate.Captions && r.Result.Labelling != nil {
		p.Notef("note: a label that a picture shows and that its %s do not say counts as wrong", r.Truth)
	}
}

type retrievalRow struct {
	name  string
	value float64
	in    bootstrap.Interval
}

func retrievalRows(x evaluate.Retrieval) []retrievalRow {
	rows := []retrievalRow{{name: "recall@1", value: x.Recall1}, {name: "recall@5", value: x.Recall5}, {name: "recall@10", value: x.Recall10}, {name: "mrr", value: x.MRR}, {name: "map", value: x.MAP}}
	for i := range rows {
		rows[i].in = x.Intervals[rows[i].name]
	}
	return rows
}

func writeDifferences(p *cmdline.Program, what, other string, all []evaluate.Difference) {
	p.Printf("\n%s, the index against %s\n%-10s  index  other  difference (95 of 100 samples)     p\n", what, terminal.Safe(other), "")
	for _, d := range all {
		p.Printf("%-10s  %5.1f  %5.1f  %+5.1f (%.1f to %.1f)  p %.3f\n", d.Figure, d.A, d.B, d.Difference.Difference, d.Interval.Low, d.Interval.High, d.P)
	}
}

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
