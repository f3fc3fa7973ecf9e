package main

import (
	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/measure/bootstrap"
	"github.com/sightline/sightline/internal/measure/evaluate"
	"github.com/sightline/sightline/internal/terminal"
)

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
