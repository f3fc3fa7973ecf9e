package vec

import "gonum.org/v1/gonum/blas/blas32"

// Dot returns the inner product of a and b, the cosine of unit vectors. It panics
// when their lengths differ.
//
// The order in which the products are added depends on the length and on where b
// lies in memory. Where a lies makes no difference.
func Dot(a, b []float32) float32 {
	if len(a) != len(b) {
		panic("vec: Dot of vectors of different lengths")
	}
	return blas32.Dot(
		blas32.Vector{N: len(a), Data: a, Inc: 1},
		blas32.Vector{N: len(b), Data: b, Inc: 1},
	)
}
