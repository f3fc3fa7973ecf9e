package zeroshot

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kinds are what findings are about, without their messages.
func kinds(findings []Finding) [][3]string {
	var out [][3]string
	for _, f := range findings {
		out = append(out, [3]string{string(f.Problem), f.Label, f.Other})
	}
	return out
}

func TestLintNames(t *testing.T) {
	got := LintNames([]Label{
		{Name: "Dog"}, {Name: "dog"}, {Name: "dogs"}, {Name: "a\x01b"}, {Name: "Crane"},
		{Name: "mouse", Prompts: []string{"a photo of a mouse, an animal"}},
		{Name: "cat", Aliases: []string{"CAT", "crane", "kitten"}},
	})
	want := [][3]string{
		{"duplicate", "dog", "Dog"}, {"invalid", "a\x01b", ""},
		{"alias", "Dog", "dogs"}, {"alias", "dog", "dogs"},
		{"senses", "Crane", ""}, {"alias", "cat", "Crane"},
	}
	if diff := cmp.Diff(want, kinds(got)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	unusable := 0
	for _, f := range got {
		if f.Message == "" {
			t.Errorf("%v says nothing", f)
		}
		if f.Unusable() {
			unusable++
		}
	}
	if unusable != 2 {
		t.Errorf("%d findings make the list unusable, want 2", unusable)
	}
}

func TestLintMeanings(t *testing.T) {
	// The fake model knows colours alone: all red things mean nearly the same to it.
	c := prepare(t, mustList(t, Label{Name: "red car"}, Label{Name: "blue sky"}, Label{Name: "red dress"},
		Label{Name: "blue sea", Parent: "blue sky"}), Options{Templates: []string{"{}"}})
	got, err := c.LintMeanings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][3]string{{"synonym", "red car", "red dress"}}, kinds(got)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestLintIndex(t *testing.T) {
	st := newIndex(t, 100)
	c := prepare(t, mustList(t, Label{Name: "red"}, Label{Name: "everything", Threshold: 1e-9}, Label{Name: "nothing", Threshold: 1}),
		Options{Templates: []string{"{}"}})
	got, err := c.LintIndex(t.Context(), st, 0.6)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][3]string{{"hub", "everything", ""}, {"nothing", "nothing", ""}}, kinds(got)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestMeasureHubness(t *testing.T) {
	st := newIndex(t, 50)
	c := prepare(t, mustList(t, Label{Name: "red"}, Label{Name: "red car"}, Label{Name: "a red thing"}), Options{})
	h, err := c.MeasureHubness(t.Context(), st, TagOptions{Top: 5})
	if err != nil {
		t.Fatal(err)
	}
	if h.Pictures != 50 || h.Labels != 3 || len(h.Hubs) == 0 || h.Hubs[0].Labels < 2 || h.Skewness < 1 {
		t.Errorf("%+v", h)
	}
	// By hand: 0, 0, 0, 4 have mean 1, variance 3 and third moment 6.
	if got, want := skewness([]int{4}, 4), 6/math.Pow(3, 1.5); math.Abs(got-want) > 1e-12 {
		t.Errorf("skewness %v, want %v", got, want)
	}
	if got := skewness([]int{2, 2}, 2); got != 0 {
		t.Errorf("skewness of equal numbers is %v", got)
	}
}

// Corrected or not, no label gets more pictures than were asked for, and corrected
// ones are the most probable of all.
func TestCorrectHubness(t *testing.T) {
	st := newIndex(t, 16)
	c := prepare(t, mustList(t, Label{Name: "red"}, Label{Name: "blue"}), Options{})
	best := func(o TagOptions) map[string]float32 {
		out := make(map[string]float32)
		for r, err := range c.TagLabels(t.Context(), st, o) {
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Hits) > o.Top {
				t.Errorf("%d pictures", len(r.Hits))
			}
			for _, h := range r.Hits {
				out[h.Tag.Label+h.Record.ID] = h.Tag.Probability
			}
		}
		return out
	}
	all := best(TagOptions{Top: 16})
	for key, p := range best(TagOptions{Top: 4, CorrectHubness: true}) {
		better := 0
		for other, q := range all {
			if other[:3] == key[:3] && q > p {
				better++
			}
		}
		if better >= 4 {
			t.Errorf("%s is chosen with %v, %d are more probable", key, p, better)
		}
	}
}

func TestMeasure(t *testing.T) {
	pairs := []pair{{0.9, 0.9, 0, true}, {0.8, 0.6, 0, false}, {0.7, 0.7, 0, true}, {0.2, 0.1, 0, false}, {0.3, 0.05, 0, true}}
	prob := func(p pair) float64 { return p.prob }
	if got, want := ratesAt(pairs, prob, 0.6), (Rates{0.6, 2.0 / 3, 2.0 / 3, 4.0 / 6}); got != want {
		t.Errorf("rates %+v, want %+v", got, want)
	}
	if got, want := bestRates(pairs, prob), (Rates{0.7, 1, 2.0 / 3, 4.0 / 5}); got != want {
		t.Errorf("best %+v, want %+v", got, want)
	}
	// Bins 0.0, 0.1, 0.6, 0.7, 0.9 of a pair each: errors 0.95, 0.1, 0.6, 0.3, 0.1.
	if got, want := calibrationError(pairs, 0), (0.95+0.1+0.6+0.3+0.1)/5; math.Abs(got-want) > 1e-9 {
		t.Errorf("calibration error %v, want %v", got, want)
	}
	if got, want := calibrationError(pairs, 0.5), (0.6+0.3+0.1)/3; math.Abs(got-want) > 1e-9 {
		t.Errorf("calibration error of the likely %v, want %v", got, want)
	}
	// Log odds that are twice too small and one too high.
	var many []pair
	for x := -4.0; x <= 4; x += 0.5 {
		p := 1 / (1 + math.Exp(-(2*x - 2)))
		for i := range 1000 {
			many = append(many, pair{logit: x, true: float64(i) < 1000*p})
		}
	}
	if gain, offset := fitLogits(many); math.Abs(gain-2) > 0.05 || math.Abs(offset+2) > 0.05 {
		t.Errorf("fitted %v and %v, want 2 and -2", gain, offset)
	}
	c := prepare(t, mustList(t, Label{Name: "red"}), Options{})
	if _, err := c.Measure(t.Context(), c.Labels(), nil, 0); err == nil {
		t.Error("pictures without truth were accepted")
	}
	q, err := c.Measure(t.Context(), c.Labels(), [][]int{{0}}, 0)
	if err != nil || q.Accuracy != 1 || q.Single != 1 || q.Threshold.F1 != 1 || q.Positives != 1 {
		t.Errorf("%+v, %v", q, err)
	}
}
