// Package bootstrap says how far a figure depends on which samples happened to be there.
package bootstrap

import (
	"math/rand/v2"
	"slices"
)

// Interval is the range in which a figure lies for 95 of 100 resamples.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// resamples is how many resamples are drawn: the ends of an interval are the 26th from
// below and the 26th from above.
const resamples = 1000

// Intervals draws n samples of n again and again with replacement, from a fixed seed, and
// returns the interval of each figure that f works out (Efron 1979, the percentile
// method). f gets the places of the samples that were drawn and sets figures. It must not
// keep either. Of no samples the intervals are empty.
func Intervals(n, figures int, f func(drawn []int, figures []float64)) []Interval {
	out := make([]Interval, figures)
	if n == 0 {
		return out
	}
	rng := rand.New(rand.NewPCG(1, 2))
	drawn, row := make([]int, n), make([]float64, figures)
	columns := make([][]float64, figures)
	for range resamples {
		for i := range drawn {
			drawn[i] = rng.IntN(n)
		}
		f(drawn, row)
		for c, x := range row {
			columns[c] = append(columns[c], x)
		}
	}
	for c, values := range columns {
		slices.Sort(values)
		out[c] = Interval{Low: values[resamples/40], High: values[resamples-1-resamples/40]}
	}
	return out
}
