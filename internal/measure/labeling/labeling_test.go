package labeling

import (
	"math"
	"testing"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/zeroshot"
)

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
	list, err := label.Parse("red")
	if err != nil {
		t.Fatal(err)
	}
	c, err := zeroshot.Prepare(t.Context(), cliptest.New(32), list, zeroshot.Options{Templates: []string{"{}"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Measure(t.Context(), c, c.Labels(), nil, 0); err == nil {
		t.Error("pictures without truth were accepted")
	}
	q, err := Measure(t.Context(), c, c.Labels(), [][]int{{0}}, 0)
	if err != nil || q.Accuracy != 1 || q.Single != 1 || q.Threshold.F1 != 1 || q.Positives != 1 {
		t.Errorf("%+v, %v", q, err)
	}
}
