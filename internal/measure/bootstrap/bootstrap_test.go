package bootstrap

import (
	"slices"
	"testing"
)

func TestIntervals(t *testing.T) {
	// Of 400 samples half are 1. The standard error of the mean is 0.025, so that 95 of 100
	// resamples lie within 0.049. The second figure does not depend on the samples.
	mean := func(drawn []int, figures []float64) {
		sum := 0
		for _, i := range drawn {
			sum += i % 2
		}
		figures[0], figures[1] = float64(sum)/float64(len(drawn)), 7
	}
	got := Intervals(400, 2, mean)
	for _, d := range []float64{0.5 - got[0].Low, got[0].High - 0.5} {
		if d < 0.04 || d > 0.06 {
			t.Errorf("the mean lies in %+v, want 0.45 to 0.55", got[0])
		}
	}
	if got[1] != (Interval{7, 7}) {
		t.Errorf("a constant lies in %+v", got[1])
	}
	if again := Intervals(400, 2, mean); !slices.Equal(again, got) {
		t.Errorf("%+v, then %+v", got, again)
	}
	if got := Intervals(0, 2, mean); !slices.Equal(got, make([]Interval, 2)) {
		t.Errorf("of no samples: %+v", got)
	}
}
