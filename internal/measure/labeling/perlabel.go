package labeling

import (
	"cmp"
	"slices"

	"github.com/sightline/sightline/internal/label"
)

// LabelQuality is how well one label is given.
type LabelQuality struct {
	Label     string  `json:"label"`
	Positives int     `json:"positives"` // pictures that it is true of
	Given     int     `json:"given"`     // pictures that get it at the least probability
	Right     int     `json:"right"`     // those of them that it is true of
	Precision float64 `json:"precision"` // 0 where it is never given
	Recall    float64 `json:"recall"`    // 0 where it is true of none
	// AveragePrecision is the mean, over the pictures that it is true of, of the precision
	// down to that picture when all pictures are ranked by its probability.
	AveragePrecision float64 `json:"average_precision"`
}

// perLabel divides the pairs by label. mean is that of the average precisions of labels
// that are true of any picture.
func perLabel(pairs []pair, labels []label.Label, minimum float32) (out []LabelQuality, mean float64) {
	of := make([][]pair, len(labels))
	for _, p := range pairs {
		of[p.label] = append(of[p.label], p)
	}
	out = make([]LabelQuality, len(labels))
	counted := 0
	for l := range labels {
		q := &out[l]
		q.Label = labels[l].Name
		slices.SortStableFunc(of[l], func(a, b pair) int {
			return cmp.Or(cmp.Compare(b.prob, a.prob), cmp.Compare(b.cosine, a.cosine), cmp.Compare(a.picture, b.picture))
		})
		for i, p := range of[l] {
			given := p.prob >= float64(minimum)
			if given {
				q.Given++
			}
			if !p.true {
				continue
			}
			q.Positives++
			q.AveragePrecision += float64(q.Positives) / float64(i+1)
			if given {
				q.Right++
			}
		}
		if q.Given > 0 {
			q.Precision = float64(q.Right) / float64(q.Given)
		}
		if q.Positives > 0 {
			q.Recall = float64(q.Right) / float64(q.Positives)
			q.AveragePrecision /= float64(q.Positives)
			mean += q.AveragePrecision
			counted++
		}
	}
	return out, mean / float64(max(1, counted))
}
