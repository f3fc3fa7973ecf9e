package vec

import (
	"errors"
	"math"
	"slices"
	"testing"
)

func TestNormalize(t *testing.T) {
	inf := float32(math.Inf(1))
	nan := float32(math.NaN())
	for name, test := range map[string]struct {
		in, want []float32
		err      error
	}{
		"3-4-5":          {in: []float32{3, 0, -4}, want: []float32{0.6, 0, -0.8}},
		"unit":           {in: []float32{0, 1}, want: []float32{0, 1}},
		"largest":        {in: []float32{math.MaxFloat32, 0}, want: []float32{1, 0}},
		"smallest":       {in: []float32{0, -math.SmallestNonzeroFloat32}, want: []float32{0, -1}},
		"zero":           {in: []float32{0, 0}, err: ErrZero},
		"empty":          {in: nil, err: ErrZero},
		"infinite":       {in: []float32{1, inf}, err: ErrNotFinite},
		"minus infinite": {in: []float32{-inf, 1}, err: ErrNotFinite},
		"NaN":            {in: []float32{1, nan}, err: ErrNotFinite},
	} {
		t.Run(name, func(t *testing.T) {
			got := slices.Clone(test.in)
			if err := Normalize(got); !errors.Is(err, test.err) {
				t.Fatalf("Normalize = %v, want %v", err, test.err)
			}
			if test.err != nil {
				if IsUnit(test.in) {
					t.Error("IsUnit accepts it")
				}
				return
			}
			if !slices.Equal(got, test.want) || !IsUnit(got) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestIsUnit(t *testing.T) {
	for length, want := range map[float32]bool{1: true, 1.0005: true, 0.9995: true, 1.01: false, 0.99: false, 0: false, -1: true} {
		if got := IsUnit([]float32{0, length, 0}); got != want {
			t.Errorf("a vector of length %v: %v, want %v", length, got, want)
		}
	}
}
