package vec

import (
	"errors"
	"math"
)

// UnitTolerance is how far the length of a vector may lie from 1 and still count
// as 1: see IsUnit. Normalising in float32 leaves an error near 1e-7; vectors that were rounded
// to half precision after it come back within about 5e-4.
const UnitTolerance = 1e-3

// Errors of Normalize.
var (
	ErrZero      = errors.New("the vector is zero and has no direction")
	ErrNotFinite = errors.New("the vector holds a value that is not a finite number")
)

// Normalize scales v in place to length 1. It returns ErrZero or ErrNotFinite, and
// leaves v alone, where there is no such scale.
func Normalize(v []float32) error {
	n := norm(v)
	switch {
	case math.IsNaN(n) || math.IsInf(n, 0):
		return ErrNotFinite
	case n == 0:
		return ErrZero
	}
	scale := 1 / n
	for i, x := range v {
		v[i] = float32(float64(x) * scale)
	}
	return nil
}

// IsUnit reports whether all of v is finite and its length is 1 up to rounding
// (1e-3, so that vectors which once were half precision pass).
func IsUnit(v []float32) bool {
	// A NaN fails both comparisons, an infinity the second.
	n := norm(v)
	return n >= 1-UnitTolerance && n <= 1+UnitTolerance
}

// norm is the Euclidean length. Squares are summed in float64, in which neither the
// largest nor the smallest float32 overflows or vanishes.
func norm(v []float32) float64 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}
