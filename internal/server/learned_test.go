package server

import (
	"slices"
	"strings"
	"testing"
)

// previewOf is what a dry run says of a label.
func previewOf(t *testing.T, a RunAnswer, name string) LabelPreview {
	t.Helper()
	i := slices.IndexFunc(a.Labels, func(l LabelPreview) bool { return l.Label == name })
	if i < 0 {
		t.Fatalf("the dry run says nothing of %s: %+v", name, a.Labels)
	}
	return a.Labels[i]
}

// TestThresholds: one is tried, which shows what it changes, saved, and taken by a run.
func TestThresholds(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	list := LabelList{Labels: []string{"Red", "green"}}
	dry := func(thresholds map[string]float32) RunAnswer {
		t.Helper()
		return ask[RunAnswer](t, s, "POST", Prefix+"/runs", RunRequest{LabelList: list, DryRun: true, Thresholds: thresholds}, 200)
	}
	base := dry(nil)
	least := ask[struct {
		Least float32 `json:"min_probability"`
	}](t, s, "GET", Prefix+"/runs", nil, 200).Least
	was := previewOf(t, base, "Red")
	if was.Own || was.Threshold != least || was.Before != nil || was.Pictures == 0 {
		t.Fatalf("before a threshold was set: %+v, and runs begin at %g", was, least)
	}
	// The fake model is sure of what it sees: a low threshold takes in what is not red.
	const low = 1e-9
	tried := previewOf(t, dry(map[string]float32{" red ": low}), "Red")
	if tried.Before == nil || *tried.Before != was.Pictures || tried.Pictures <= was.Pictures || !tried.Own || tried.Threshold != low {
		t.Errorf("with a threshold of %g: %+v; before %d pictures", low, tried, was.Pictures)
	}
	if green := previewOf(t, dry(map[string]float32{"red": low}), "green"); green.Pictures != previewOf(t, base, "green").Pictures || green.Own {
		t.Errorf("the other label: %+v", green)
	}
	// Trying has saved nothing.
	if again := previewOf(t, dry(nil), "Red"); again.Pictures != was.Pictures || again.Own {
		t.Errorf("after a trial: %+v", again)
	}
	ask[ThresholdRequest](t, s, "POST", Prefix+"/thresholds", ThresholdRequest{"red", low}, 200)
	if now := previewOf(t, dry(nil), "Red"); now.Pictures != tried.Pictures || !now.Own || now.Threshold != low {
		t.Errorf("saved: %+v, tried %+v", now, tried)
	}
	if l := ask[struct{ Labels []CorrectedLabel }](t, s, "GET", Prefix+"/corrections", nil, 200).Labels; len(l) != 1 || l[0].Threshold != low {
		t.Errorf("corrections %+v", l)
	}
	// 0 tries what there is without it.
	if none := previewOf(t, dry(map[string]float32{"RED": 0}), "Red"); none.Pictures != was.Pictures || *none.Before != tried.Pictures {
		t.Errorf("without the saved threshold: %+v", none)
	}
	ask[ThresholdRequest](t, s, "POST", Prefix+"/thresholds", ThresholdRequest{"red", 0}, 200)
	if back := previewOf(t, dry(nil), "Red"); back.Pictures != was.Pictures || back.Own {
		t.Errorf("taken away: %+v", back)
	}

	for name, r := range map[string]RunRequest{
		"another label": {LabelList: list, DryRun: true, Thresholds: map[string]float32{"gren": 0.5}},
		"no dry run":    {LabelList: list, Thresholds: map[string]float32{"red": 0.5}},
		"above 1":       {LabelList: list, DryRun: true, Thresholds: map[string]float32{"red": 1.5}},
	} {
		if p := ask[Problem](t, s, "POST", Prefix+"/runs", r, 400); p.Hint == "" || name == "another label" && !strings.Contains(p.Hint, "green") {
			t.Errorf("%s: %+v", name, p)
		}
	}
	locked := h.serve(func(o *Options) { o.AllowWrite = false })
	ask[Problem](t, locked, "POST", Prefix+"/thresholds", ThresholdRequest{"red", 0.5}, 403)
	ask[Problem](t, s, "POST", Prefix+"/thresholds", ThresholdRequest{"red", 1.5}, 422)
}

// TestRunsLearn: a run that the server begins takes what people said, as search tag does.
func TestRunsLearn(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	run := func() (Progress, RunAnswer) {
		t.Helper()
		a := ask[RunAnswer](t, s, "POST", Prefix+"/runs", RunRequest{LabelList: LabelList{Labels: []string{"red", "green"}}}, 200)
		request(t, s, "GET", Prefix+"/runs/"+a.ID+"/events", nil) // ends with the run
		return s.jobs.find(a.ID).now(), a
	}
	tagged := func(q string) string {
		return names(ask[SearchAnswer](t, s, "GET", Prefix+"/search?unfold=true&q="+q, nil, 200).Hits)
	}
	p, first := run()
	if p.State != stateFinished || len(first.Learned) != 0 || !strings.Contains(tagged("tag:red"), "half") {
		t.Fatalf("the first run: %+v, learned %+v, red are %s", p, first.Learned, tagged("tag:red"))
	}
	ask[CorrectionOutput](t, s, "POST", Prefix+"/corrections", CorrectionRequest{"red", []string{h.id("half.png")}, "rejected"}, 200)
	ask[CorrectionOutput](t, s, "POST", Prefix+"/corrections", CorrectionRequest{"green", []string{h.id("sub/blue.png")}, "approved"}, 200)
	p, second := run()
	if p.State != stateFinished || len(second.Learned) != 2 || second.Learned[0].Rejected != 1 || second.Learned[1].Approved != 1 {
		t.Errorf("the second run: %+v, learned %+v", p, second.Learned)
	}
	if got := tagged("tag:red"); strings.Contains(got, "half") {
		t.Errorf("the run gave a rejected label again: %s", got)
	}
	if got := tagged("tag:green"); !strings.Contains(got, "blue") {
		t.Errorf("an approved picture has lost its label: %s", got)
	}
	dry := ask[RunAnswer](t, s, "POST", Prefix+"/runs", RunRequest{LabelList: LabelList{Labels: []string{"red", "green"}}, DryRun: true}, 200)
	if len(dry.Learned) != 2 {
		t.Errorf("a dry run learned %+v", dry.Learned)
	}
}
