package zeroshot

import (
	"fmt"
	"math"
	"testing"

	"github.com/sightline/sightline/internal/label"
)

func TestDefaultMinimumFollowsTheLength(t *testing.T) {
	list := func(open, grouped int) *label.List {
		l := &label.List{}
		for i := range open + grouped {
			one := label.Label{Name: fmt.Sprint("label ", i)}
			if i >= open {
				one.Group = "one of these"
			}
			l.Labels = append(l.Labels, one)
		}
		return l
	}
	for _, c := range []struct {
		open, grouped int
		want          float64
	}{
		{0, 0, 0.3}, {1, 0, 0.3}, {50, 0, 0.3}, {50, 500, 0.3}, {0, 500, 0.3},
		{60, 0, 18.0 / 53}, {60, 1, 18.0 / 53}, {70, 0, 0.375}, {77, 0, 33.0 / 83}, {78, 0, 0.4}, {200, 0, 0.4}, {5000, 0, 0.4},
	} {
		if got := DefaultMinimum(list(c.open, c.grouped)); math.Abs(float64(got)-c.want) > 1e-6 {
			t.Errorf("%d labels and %d in a group: %v, want %v", c.open, c.grouped, got, c.want)
		}
	}
	for n, last := 1, float32(0); n < 500; n++ {
		p := DefaultMinimum(list(n, 0))
		if p < last {
			t.Fatalf("%d labels: %v, fewer have %v", n, p, last)
		}
		last = p
	}
}
