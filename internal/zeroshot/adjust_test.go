package zeroshot

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/vec/sq8"
)

// An adjustment adds to the log odds what it says, whichever way the label is judged.
func TestAdjusted(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	vectors := vec.NewMatrix(40, testDim)
	for i := range vectors.Rows {
		copy(vectors.Row(i), cliptest.Picture(t, rng, testDim))
	}
	direction := make([]float32, testDim)
	for i := range direction {
		direction[i] = rng.Float32() - 0.5
	}
	list := mixedList(t)
	for _, calibration := range []Calibration{
		BackgroundSoftmax{Scale: 8, Breadth: 0.5, Gain: 0.7, Offset: 0.5}, Contrast{Gain: 9}, Cosine{Gain: 5, Offset: -1}, Sigmoid{Scale: 7, Bias: -3},
	} {
		c := prepare(t, list, Options{Calibration: calibration})
		a, err := c.Adjusted([]Adjustment{{Label: 0, Offset: 0.8, Direction: direction}, {Label: 1, Offset: -0.5, Threshold: 0.7}, {Label: 5, Offset: 9, Threshold: 0.2}})
		if err != nil {
			t.Fatal(err)
		}
		if c.list.Labels[1].Threshold != 0 || a.list.Labels[1].Threshold != 0.7 || a.list.Labels[5].Threshold != 0.2 {
			t.Error("thresholds are not those of the adjustment alone")
		}
		before, err := c.LogOddsOf(t.Context(), []int{0, 1, 2}, vectors)
		if err != nil {
			t.Fatal(err)
		}
		scores, err := a.Score(t.Context(), vectors)
		if err != nil {
			t.Fatal(err)
		}
		untouched, err := c.Score(t.Context(), vectors)
		if err != nil {
			t.Fatal(err)
		}
		for i := range scores {
			want := map[int]float64{
				0: before[0][i] + 0.8 + float64(vec.Dot(direction, vectors.Row(i))), 1: before[1][i] - 0.5, 2: before[2][i],
			}
			was := make(map[int]float32)
			for _, s := range untouched[i] {
				was[s.Label] = s.Probability
			}
			for _, s := range scores[i] {
				if w, ok := want[s.Label]; ok && math.Abs(float64(s.Probability)-1/(1+math.Exp(-w))) > 1e-4 {
					t.Fatalf("%s: label %d of picture %d has %v, want log odds %v", calibration.Name(), s.Label, i, s.Probability, w)
				} else if !ok && s.Probability != was[s.Label] {
					t.Fatalf("%s: label %d was not to change", calibration.Name(), s.Label)
				}
			}
		}
		for l := range a.labels {
			if !vec.IsUnit(a.Labels().Row(l)) {
				t.Errorf("row %d is not of length 1", l)
			}
		}
	}
	c := prepare(t, list, Options{})
	if same, err := c.Adjusted(nil); err != nil || same != c {
		t.Errorf("nothing was learned: %v", err)
	}
	for _, bad := range []Adjustment{{Label: -1}, {Label: 99}, {Label: 0, Direction: []float32{1}}, {Label: 0, Offset: math.NaN()}} {
		if _, err := c.Adjusted([]Adjustment{bad}); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

// With codes as without.
func TestAdjustedCodesAreExact(t *testing.T) {
	var labels []label.Label
	for i := range 200 {
		labels = append(labels, label.Label{Name: fmt.Sprintf("%s thing %d", []string{"red", "green", "blue", "white"}[i%4], i)})
	}
	rng := rand.New(rand.NewPCG(4, 1))
	var adjustments []Adjustment
	for l := 0; l < 200; l += 3 {
		a := Adjustment{Label: l, Offset: rng.Float64() - 0.5, Direction: make([]float32, testDim)}
		for i := range a.Direction {
			a.Direction[i] = 4 * (rng.Float32() - 0.5)
		}
		adjustments = append(adjustments, a)
	}
	vectors := vec.NewMatrix(500, testDim)
	for i := range vectors.Rows {
		copy(vectors.Row(i), cliptest.Picture(t, rng, testDim))
	}
	var got [2][][]Score
	for i, codes := range []sq8.Engine{nil, sq8.Kernel{}} {
		c, err := prepare(t, mustList(t, labels...), Options{Templates: []string{"{}"}, Codes: codes}).Adjusted(adjustments)
		if err != nil || (c.coarse != nil) != (codes != nil) {
			t.Fatal(err)
		}
		if got[i], err = c.Best(t.Context(), vectors, 5, 0.1); err != nil {
			t.Fatal(err)
		}
	}
	near := cmp.Comparer(func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-5 })
	if diff := cmp.Diff(got[0], got[1], near); diff != "" {
		t.Errorf("(-float32 +codes):\n%.2000s", diff)
	}
}
