package zeroshot

import (
	"math"
	"testing"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
)

func TestPriorFollowsWhatAListCovers(t *testing.T) {
	b := BackgroundSoftmax{Scale: 20, Gain: 1, Prior: 1}
	for _, c := range []struct {
		covered, labels int
		want            float64
	}{
		{4, 5, math.Log(0.9)},
		{5, 60, math.Log(leastCovered)},   // a fine list
		{20, 1, math.Log(mostCovered)},    // one word for everything
		{0, 2, math.Log(0.25)},            // a few things that no prompt is about
		{0, 1000, math.Log(leastCovered)}, // no infinity
	} {
		if got := b.priorOf(c.covered, c.labels); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%d prompts, %d labels: %v, want %v", c.covered, c.labels, got, c.want)
		}
	}
	for n := 1; n < 3000; n *= 2 {
		if b.priorOf(7, n) < b.priorOf(7, 2*n) {
			t.Errorf("a list of %d that covers as much as one of %d has the higher odds", 2*n, n)
		}
	}
}

// The prior is a constant of the list: it changes probabilities by the odds that it says,
// and neither the order of labels nor what an exclusive group shares.
func TestPriorLeavesTheOrder(t *testing.T) {
	bank := BackgroundSoftmax{Scale: 8, Gain: 1}
	with := bank
	with.Prior = 1.35
	list := mixedList(t)
	a, b := prepare(t, list, Options{Calibration: bank}), prepare(t, list, Options{Calibration: with})
	if a.prior != 0 || b.prior == 0 {
		t.Fatalf("priors %v and %v", a.prior, b.prior)
	}
	if a.Provenance() == b.Provenance() {
		t.Error("another prior has the same provenance")
	}
	one, err := a.Score(t.Context(), a.Labels())
	if err != nil {
		t.Fatal(err)
	}
	two, err := b.Score(t.Context(), a.Labels())
	if err != nil {
		t.Fatal(err)
	}
	logit := func(p float32) float64 { return math.Log(float64(p) / (1 - float64(p))) }
	for i := range one {
		of := make(map[int]float32)
		for _, s := range one[i] {
			of[s.Label] = s.Probability
		}
		var last Score
		for _, s := range two[i] {
			grouped := list.Labels[s.Label].Group != ""
			want := b.prior
			if grouped {
				want = 0
			}
			if p := of[s.Label]; p < 0.999 && s.Probability < 0.999 && math.Abs(logit(s.Probability)-logit(p)-want) > 1e-2 {
				t.Errorf("%s: %v became %v, want %v more in log odds", list.Labels[s.Label].Name, p, s.Probability, want)
			}
			if !grouped {
				if last.Probability > 0 && of[last.Label] < of[s.Label] {
					t.Errorf("picture %d: the order of labels changed", i)
				}
				last = s
			}
		}
	}
}

// A list without open labels has no prior, and neither has an empty one.
func TestPriorOfNoOpenLabels(t *testing.T) {
	with := BackgroundSoftmax{Scale: 8, Gain: 1, Prior: 1.35}
	grouped := mustList(t, label.Label{Name: "black", Group: "tone"}, label.Label{Name: "white", Group: "tone"})
	for name, list := range map[string]*label.List{"grouped": grouped, "empty": new(label.List)} {
		c, err := Prepare(t.Context(), cliptest.New(testDim), list, Options{Calibration: with})
		if err != nil {
			t.Fatal(err)
		}
		if c.prior != 0 {
			t.Errorf("%s: prior %v", name, c.prior)
		}
	}
}
