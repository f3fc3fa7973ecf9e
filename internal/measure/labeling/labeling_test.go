package labeling

import (
	"math"
	"slices"
	"testing"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/measure/bootstrap"
	"github.com/sightline/sightline/internal/zeroshot"
)

func TestMeasure(t *testing.T) {
	pairs := []pair{
		{cosine: 0.9, prob: 0.9, true: true}, {cosine: 0.8, prob: 0.6}, {cosine: 0.7, prob: 0.7, true: true},
		{cosine: 0.2, prob: 0.1}, {cosine: 0.3, prob: 0.05, true: true},
	}
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

func TestPerLabel(t *testing.T) {
	labels := []label.Label{{Name: "red"}, {Name: "blue"}, {Name: "never"}}
	pairs := []pair{
		{prob: 0.9, picture: 0, label: 0, true: true}, {prob: 0.8, picture: 1, label: 0}, {prob: 0.2, picture: 2, label: 0, true: true},
		{prob: 0.1, picture: 0, label: 1}, {prob: 0.05, picture: 1, label: 1, true: true},
		{prob: 0.01, picture: 0, label: 2},
	}
	got, mean := perLabel(pairs, labels, 0.3)
	want := []LabelQuality{
		{Label: "red", Positives: 2, Given: 2, Right: 1, Precision: 0.5, Recall: 0.5, AveragePrecision: (1 + 2.0/3) / 2},
		{Label: "blue", Positives: 1, AveragePrecision: 0.5},
		{Label: "never"},
	}
	near := func(a, b LabelQuality) bool {
		close := math.Abs(a.AveragePrecision-b.AveragePrecision) < 1e-12
		a.AveragePrecision, b.AveragePrecision = 0, 0
		return close && a == b
	}
	if !slices.EqualFunc(got, want, near) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if w := (want[0].AveragePrecision + 0.5) / 2; math.Abs(mean-w) > 1e-12 {
		t.Errorf("mean average precision %v, want %v", mean, w)
	}
}

func TestIntervalsAt(t *testing.T) {
	// 400 pictures that each get a label; half of them rightly.
	var pairs []pair
	for i := range 400 {
		pairs = append(pairs, pair{prob: 0.9, picture: int32(i), true: i%2 == 0})
	}
	got := intervalsAt(pairs, 400, 0.5)
	for _, d := range []float64{0.5 - got.Precision.Low, got.Precision.High - 0.5} {
		if d < 0.04 || d > 0.06 {
			t.Errorf("precision %+v, want 0.45 to 0.55", got.Precision)
		}
	}
	if want := (bootstrap.Interval{Low: 1, High: 1}); got.Recall != want {
		t.Errorf("recall %+v, want %+v", got.Recall, want)
	}
}

// A label of which nobody knows whether it is true is neither right nor wrong.
func TestMeasureLeavesOpenPairsOut(t *testing.T) {
	list, err := label.Parse("red,green,blue")
	if err != nil {
		t.Fatal(err)
	}
	c, err := zeroshot.Prepare(t.Context(), cliptest.New(32), list, zeroshot.Options{Templates: []string{"{}"}})
	if err != nil {
		t.Fatal(err)
	}
	truth := [][]int{{0}, {1}, {2}}
	all, err := MeasureSample(t.Context(), c, Sample{Vectors: c.Labels(), True: truth}, 0)
	if err != nil {
		t.Fatal(err)
	}
	some, err := MeasureSample(t.Context(), c, Sample{Vectors: c.Labels(), True: truth, Open: [][]int{{1, 2}, nil, {0}}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if all.Threshold.Precision != 3.0/9 || some.Threshold.Precision != 3.0/6 || some.Threshold.Recall != 1 {
		t.Errorf("%+v, without the open pairs %+v", all.Threshold, some.Threshold)
	}
	if _, err := MeasureSample(t.Context(), c, Sample{Vectors: c.Labels(), True: truth, Open: [][]int{{1}}}, 0); err == nil {
		t.Error("open labels of fewer pictures were accepted")
	}
}
