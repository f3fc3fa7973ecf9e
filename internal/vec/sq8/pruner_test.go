package sq8

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// What reaches the cut must pass, at any number of queries, and little else may.
func TestSieve(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	for _, count := range []int{1, 31, 32, 100} {
		for _, precision := range []Precision{Single, Double} {
			rows := awkward(rng, 100, 48)
			queries, codes := EncodeQueries(awkward(rng, count, 48), precision), encodeRows(rows)
			out := make([]int32, codes.Rows*queries.Columns)
			if err := (Kernel{}).ScoreCodes(t.Context(), codes, &queries, out); err != nil {
				t.Fatal(err)
			}
			pruner, cuts := queries.NewPruner(), make([]float32, count)
			for i := range codes.Rows {
				product := out[i*queries.Columns : (i+1)*queries.Columns]
				scale, residual, _ := codes.Tail(i)
				if i == 0 {
					if got := pruner.Survivors(product, scale, residual); len(got) != count {
						t.Fatalf("%d of %d queries pass without a cut", len(got), count)
					}
				}
				for q := range cuts {
					mid, radius := queries.Bounds(q, product, scale, residual)
					cuts[q] = mid + radius + []float32{-0.01, 0, 1e-7, 0.01, float32(math.Inf(1))}[rng.IntN(5)]
					pruner.SetThreshold(q, cuts[q])
				}
				got := pruner.Survivors(product, scale, residual)
				for q, cut := range cuts {
					mid, radius := queries.Bounds(q, product, scale, residual)
					passes := slices.Contains(got, q)
					if mid+radius >= cut+1e-6 && !passes || mid+radius <= cut-1e-6 && passes {
						t.Fatalf("%d queries, precision %v: the bound %v of row %d, query %d, cut %v: passes %v",
							count, precision, mid+radius, i, q, cut, passes)
					}
				}
				if !slices.IsSorted(got) {
					t.Fatalf("%v is not in order", got)
				}
			}
		}
	}
}
