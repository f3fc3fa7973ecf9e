package bootstrap

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Difference is how two systems differ in a figure on the same samples.
type Difference struct {
	A          float64  `json:"a"`
	B          float64  `json:"b"`
	Difference float64  `json:"difference"` // B - A
	Interval   Interval `json:"interval"`   // of the difference
	// P is the share of random exchanges between the two, sample by sample, that give a
	// difference at least as large: how easily it is chance. Below 0.05 few call it that.
	P float64 `json:"p"`
}

// Paired compares two systems that were measured on the same samples. a[i] and b[i] are
// what sample i adds to the sums that figures works a number of figures out of. The
// interval is that of Intervals, with the samples of both drawn together; P is that of an
// approximate randomisation test (Noreen 1989). Seeds are fixed.
func Paired(a, b [][]float64, count int, figures func(sums []float64, n int, out []float64)) []Difference {
	out := make([]Difference, count)
	n := len(a)
	if n == 0 || len(b) != n {
		return out
	}
	sums, at := [2][]float64{make([]float64, len(a[0])), make([]float64, len(a[0]))}, [2][]float64{make([]float64, count), make([]float64, count)}
	work := func(place func(i int) (int, bool)) {
		clear(sums[0])
		clear(sums[1])
		for i := range n {
			j, exchanged := place(i)
			x, y := a[j], b[j]
			if exchanged {
				x, y = y, x
			}
			for c := range x {
				sums[0][c] += x[c]
				sums[1][c] += y[c]
			}
		}
		figures(sums[0], n, at[0])
		figures(sums[1], n, at[1])
	}
	work(func(i int) (int, bool) { return i, false })
	for c := range out {
		out[c] = Difference{A: at[0][c], B: at[1][c], Difference: at[1][c] - at[0][c]}
	}
	rng := rand.New(rand.NewPCG(3, 4))
	columns, extreme := make([][]float64, count), make([]int, count)
	for range resamples {
		work(func(int) (int, bool) { return rng.IntN(n), false })
		for c := range columns {
			columns[c] = append(columns[c], at[1][c]-at[0][c])
		}
		work(func(i int) (int, bool) { return i, rng.Uint64()&1 == 1 })
		for c := range extreme {
			if math.Abs(at[1][c]-at[0][c]) >= math.Abs(out[c].Difference)-1e-9 {
				extreme[c]++
			}
		}
	}
	for c := range out {
		slices.Sort(columns[c])
		out[c].Interval = Interval{Low: columns[c][resamples/40], High: columns[c][resamples-1-resamples/40]}
		out[c].P = float64(1+extreme[c]) / (1 + resamples)
	}
	return out
}
