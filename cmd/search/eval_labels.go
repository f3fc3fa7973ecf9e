package main

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/measure/labeling"
	"github.com/sightline/sightline/internal/measure/retrieval"
	"github.com/sightline/sightline/internal/terminal"
)

// evalLabels measures labelling on pictures whose labels are known.
func evalLabels(c *cli.Context, p *cmdline.Program, open *app.Open, captions []retrieval.Caption) error {
	if err := checkProbability(c.Float64("min-probability")); err != nil {
		return err
	}
	list, err := readLabels(c)
	if err != nil {
		return err
	}
	how, err := readLabelling(c)
	if err != nil {
		return err
	}
	classifier, err := prepareLabels(c, p, open.Encoder, list, how)
	if err != nil {
		return err
	}
	r, err := labeling.Run(c.Context, open.Store, classifier, captions, leastProbability(c, list))
	for _, name := range r.Unknown {
		p.Notef("note: %q of the captions file is not among the labels", name)
	}
	if r.Missing > 0 {
		p.Notef("warning: %d of %d pictures are not in the index and are not counted", r.Missing, len(captions))
	}
	if err != nil {
		return err
	}
	q := r.Quality
	if c.Bool("json") {
		return json.NewEncoder(p.Stdout).Encode(q)
	}
	writeQuality(p, q)
	if !strings.Contains(how.Calibration, ":") && q.Gain > 0 {
		p.Printf("to have that: --calibration %s:%.2f,%.2f\n", cmp.Or(how.Calibration, "auto"), q.Gain, q.Offset)
	}
	return nil
}

func writeQuality(p *cmdline.Program, q labeling.Quality) {
	p.Printf("pictures %d, labels %d, true pairs %d\n", q.Pictures, q.Labels, q.Positives)
	if q.Single > 0 {
		p.Printf("accuracy %.1f over %d pictures with one label\n", 100*q.Accuracy, q.Single)
	}
	p.Printf("\n%-30s threshold  precision  recall     F1\n", "")
	for _, row := range []struct {
		name  string
		rates labeling.Rates
	}{
		{"at --min-probability", q.Threshold}, {"at the best probability", q.Best}, {"at the best flat cosine", q.Cosine},
	} {
		r := row.rates
		p.Printf("%-30s %9.3f  %9.1f  %6.1f  %5.1f\n", row.name, r.Threshold, 100*r.Precision, 100*r.Recall, 100*r.F1)
	}
	i := q.Intervals
	p.Printf("\nat --min-probability, 95 of 100 samples of the pictures: precision %.1f to %.1f, recall %.1f to %.1f, F1 %.1f to %.1f\n",
		100*i.Precision.Low, 100*i.Precision.High, 100*i.Recall.Low, 100*i.Recall.High, 100*i.F1.Low, 100*i.F1.High)
	p.Printf("mean average precision of the labels %.1f\n", 100*q.MeanAveragePrecision)
	writeWorst(p, q.PerLabel)
	p.Printf("\nprobability      pairs  given   found\n")
	for _, b := range q.Reliability {
		p.Printf("%.1f to %.1f    %8d  %5.1f   %5.1f\n", b.From, b.To, b.Pairs, 100*b.Mean, 100*b.Rate)
	}
	p.Printf("\ncalibration error %.1f, %.1f from a probability of 0.05 on\n", 100*q.CalibrationError, 100*q.LikelyError)
	p.Printf("log odds would fit with a gain of %.2f and an offset of %.2f\n", q.Gain, q.Offset)
}

// worstShown is how many labels a report on the terminal names; --json has all.
const worstShown = 10

// writeWorst lists the labels that a person would have the most work with: wrong tags and
// missing ones together.
func writeWorst(p *cmdline.Program, labels []labeling.LabelQuality) {
	faults := func(l labeling.LabelQuality) int { return l.Given - l.Right + l.Positives - l.Right }
	labels = slices.Clone(labels)
	slices.SortStableFunc(labels, func(a, b labeling.LabelQuality) int { return cmp.Compare(faults(b), faults(a)) })
	p.Printf("\nlabels with the most wrong or missing tags\n true  given  right  precision  recall  average precision\n")
	for _, l := range labels[:min(len(labels), worstShown)] {
		if faults(l) > 0 {
			p.Printf("%5d  %5d  %5d  %9.1f  %6.1f  %17.1f  %s\n", l.Positives, l.Given, l.Right,
				100*l.Precision, 100*l.Recall, 100*l.AveragePrecision, terminal.Safe(l.Label))
		}
	}
}
