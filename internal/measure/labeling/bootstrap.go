package labeling

import (
	"math/rand/v2"
	"slices"
)

// Interval is the range in which 95 of 100 samples of the pictures lie.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Intervals says how far rates depend on which pictures happened to be there. Pictures are
// drawn again with replacement, a picture with all of its pairs (Efron 1979, the
// percentile method), from a fixed seed.
type Intervals struct {
	Precision Interval `json:"precision"`
	Recall    Interval `json:"recall"`
	F1        Interval `json:"f1"`
}

// resamples is how many samples are drawn: the ends of the interval are the 25th and the
// 975th of them.
const resamples = 1000

// tally counts the pairs of one picture.
type tally struct{ hits, kept, positives int }

// bootstrap returns the intervals of ratesAt.
func bootstrap(pairs []pair, pictures int, threshold float64) Intervals {
	if pictures == 0 {
		return Intervals{}
	}
	of := make([]tally, pictures)
	for _, p := range pairs {
		t := &of[p.picture]
		if p.true {
			t.positives++
		}
		if p.prob >= threshold {
			t.kept++
			if p.true {
				t.hits++
			}
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var precision, recall, f1 [resamples]float64
	for i := range resamples {
		var sum tally
		for range pictures {
			t := of[rng.IntN(pictures)]
			sum.hits += t.hits
			sum.kept += t.kept
			sum.positives += t.positives
		}
		r := rates(threshold, sum.hits, sum.kept, sum.positives)
		precision[i], recall[i], f1[i] = r.Precision, r.Recall, r.F1
	}
	return Intervals{Precision: middle(precision[:]), Recall: middle(recall[:]), F1: middle(f1[:])}
}

// middle returns what 95 per cent of the values lie in. It sorts them.
func middle(values []float64) Interval {
	slices.Sort(values)
	n := len(values)
	return Interval{Low: values[n/40], High: values[n-1-n/40]}
}
