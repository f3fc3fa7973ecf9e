package bootstrap

import (
	"math"
	"testing"
)

func TestPaired(t *testing.T) {
	mean := func(sums []float64, n int, out []float64) { out[0] = sums[0] / float64(n) }
	var a, better, same [][]float64
	for i := range 200 {
		x := float64(i % 2)
		a = append(a, []float64{x})
		// A tenth of the samples that were wrong are right.
		y := x
		if i%20 == 0 {
			y = 1
		}
		better, same = append(better, []float64{y}), append(same, []float64{x})
	}
	d := Paired(a, better, 1, mean)[0]
	if d.A != 0.5 || d.B != 0.55 || math.Abs(d.Difference-0.05) > 1e-12 || d.Interval.Low <= 0 || d.Interval.High > 0.1 || d.P > 0.01 {
		t.Errorf("better: %+v", d)
	}
	if d := Paired(a, same, 1, mean)[0]; d.Difference != 0 || d.P != 1 || d.Interval != (Interval{}) {
		t.Errorf("the same: %+v", d)
	}
	// Two systems that are right by chance on different samples.
	var one, other [][]float64
	for i := range 100 {
		one, other = append(one, []float64{float64(i * 7 % 10 / 5)}), append(other, []float64{float64(i * 3 % 10 / 5)})
	}
	if d := Paired(one, other, 1, mean)[0]; d.P < 0.2 || d.Interval.Low > 0 || d.Interval.High < 0 {
		t.Errorf("by chance: %+v", d)
	}
	if d := Paired(nil, nil, 1, mean); len(d) != 1 || d[0] != (Difference{}) {
		t.Errorf("of nothing: %+v", d)
	}
}
