package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/measure/retrieval"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

// evalLabels measures labelling on pictures whose labels are known.
func evalLabels(c *cli.Context, p *cmdline.Program, open *app.Open, captions []retrieval.Caption) error {
	least := c.Float64("min-probability")
	if !(least >= 0 && least <= 1) {
		return fault.Usagef("a probability lies between 0 and 1", "--min-probability is %g", least)
	}
	list, err := readLabels(c)
	if err != nil {
		return err
	}
	how, err := readLabelling(c)
	if err != nil {
		return err
	}
	truth, unknown := truthOf(captions, list)
	for _, label := range unknown {
		p.Notef("note: %q of the captions file is not among the labels", label)
	}
	vectors, which, err := vectorsOf(c.Context, open.Store, captions)
	if err != nil {
		return err
	}
	if missing := len(captions) - len(which); missing > 0 {
		p.Notef("warning: %d of %d pictures are not in the index and are not counted", missing, len(captions))
	}
	known := make([][]int, len(which))
	for i, at := range which {
		known[i] = truth[at]
	}
	classifier, err := how.prepare(c.Context, p, open.Encoder, list)
	if err != nil {
		return err
	}
	q, err := classifier.Measure(c.Context, vectors, known, float32(least))
	if err != nil {
		return err
	}
	if q.Positives == 0 {
		return fmt.Errorf("%w: none of the labels is true of any of its pictures", retrieval.ErrCaptions)
	}
	if c.Bool("json") {
		return json.NewEncoder(p.Stdout).Encode(q)
	}
	writeQuality(p, q)
	if !strings.Contains(how.calibration, ":") && q.Gain > 0 {
		p.Printf("to have that: --calibration %s:%.2f,%.2f\n", cmp.Or(how.calibration, "auto"), q.Gain, q.Offset)
	}
	return nil
}

// truthOf finds the labels of each caption in the list, and those that are not there.
func truthOf(captions []retrieval.Caption, list *zeroshot.List) (truth [][]int, unknown []string) {
	at := make(map[string]int)
	for i := range list.Labels {
		at[store.FoldLabel(list.Labels[i].Name)] = i
	}
	truth = make([][]int, len(captions))
	for i, c := range captions {
		for _, label := range c.Labels {
			if l, ok := at[store.FoldLabel(label)]; ok {
				truth[i] = append(truth[i], l)
			} else if !slices.Contains(unknown, label) {
				unknown = append(unknown, label)
			}
		}
	}
	return truth, unknown
}

// vectorsOf returns the vectors of those captions' pictures that are in the index,
// and which captions those are.
func vectorsOf(ctx context.Context, st store.Store, captions []retrieval.Caption) (vec.Matrix, []int, error) {
	files := make(map[string]bool)
	for _, c := range captions {
		files[c.File] = true
	}
	where, err := retrieval.Locate(ctx, st, files)
	if err != nil {
		return vec.Matrix{}, nil, err
	}
	var ids []string
	var which []int
	for i, c := range captions {
		if found := where[c.File]; len(found) > 0 {
			ids, which = append(ids, found[0]), append(which, i)
		}
	}
	if len(ids) == 0 {
		return vec.Matrix{}, nil, fmt.Errorf("%w: none of its %d pictures is in the index", retrieval.ErrCaptions, len(files))
	}
	records, err := st.Get(ctx, ids)
	if err != nil {
		return vec.Matrix{}, nil, err
	}
	if len(records) != len(ids) {
		return vec.Matrix{}, nil, fmt.Errorf("the index changed while it was read: %d of %d pictures are left", len(records), len(ids))
	}
	rows := make([][]float32, len(records))
	for i := range records {
		rows[i] = records[i].Vector
	}
	m, err := vec.FromRows(rows...)
	return m, which, err
}

func writeQuality(p *cmdline.Program, q zeroshot.Quality) {
	p.Printf("pictures %d, labels %d, true pairs %d\n", q.Pictures, q.Labels, q.Positives)
	if q.Single > 0 {
		p.Printf("accuracy %.1f over %d pictures with one label\n", 100*q.Accuracy, q.Single)
	}
	p.Printf("\n%-30s threshold  precision  recall     F1\n", "")
	for _, row := range []struct {
		name  string
		rates zeroshot.Rates
	}{
		{"at --min-probability", q.Threshold}, {"at the best probability", q.Best}, {"at the best flat cosine", q.Cosine},
	} {
		r := row.rates
		p.Printf("%-30s %9.3f  %9.1f  %6.1f  %5.1f\n", row.name, r.Threshold, 100*r.Precision, 100*r.Recall, 100*r.F1)
	}
	p.Printf("\nprobability      pairs  given   found\n")
	for _, b := range q.Reliability {
		p.Printf("%.1f to %.1f    %8d  %5.1f   %5.1f\n", b.From, b.To, b.Pairs, 100*b.Mean, 100*b.Rate)
	}
	p.Printf("\ncalibration error %.1f, %.1f from a probability of 0.05 on\n", 100*q.CalibrationError, 100*q.LikelyError)
	p.Printf("log odds would fit with a gain of %.2f and an offset of %.2f\n", q.Gain, q.Offset)
}
