package labeling

import "github.com/sightline/sightline/internal/measure/bootstrap"

// Intervals says how far rates depend on which pictures happened to be there. A picture
// is drawn with all of its pairs.
type Intervals struct {
	Precision bootstrap.Interval `json:"precision"`
	Recall    bootstrap.Interval `json:"recall"`
	F1        bootstrap.Interval `json:"f1"`
}

// tally counts the pairs of one picture.
type tally struct{ hits, kept, positives int }

// intervalsAt returns the intervals of ratesAt.
func intervalsAt(pairs []pair, pictures int, threshold float64) Intervals {
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
	i := bootstrap.Intervals(pictures, 3, func(drawn []int, figures []float64) {
		var sum tally
		for _, at := range drawn {
			sum.hits += of[at].hits
			sum.kept += of[at].kept
			sum.positives += of[at].positives
		}
		r := rates(threshold, sum.hits, sum.kept, sum.positives)
		figures[0], figures[1], figures[2] = r.Precision, r.Recall, r.F1
	})
	return Intervals{Precision: i[0], Recall: i[1], F1: i[2]}
}
