// Package labeling measures how well a classifier labels pictures whose labels are known.
package labeling

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Quality is how well a classifier labels pictures of which the labels are known.
// Rates are between 0 and 1.
type Quality struct {
	Pictures  int `json:"pictures"`
	Labels    int `json:"labels"`
	Positives int `json:"positives"` // pairs of a picture and a label that is true of it

	// Accuracy is the share of pictures with exactly one true label whose most probable
	// label is that one, of Single such pictures.
	Accuracy float64 `json:"accuracy"`
	Single   int     `json:"single"`

	Threshold Rates `json:"at_threshold"`   // at the least probability that was asked for
	Best      Rates `json:"at_best"`        // at the least probability that gives the best F1
	Cosine    Rates `json:"cosine_at_best"` // a flat cosine threshold, tuned on these pictures

	// CalibrationError is the expected calibration error over all pairs in ten bins of
	// equal width (Guo et al. 2017); LikelyError is the same over the pairs with a
	// probability of 0.05 or more, which the many impossible pairs cannot hide.
	CalibrationError float64 `json:"calibration_error"`
	LikelyError      float64 `json:"calibration_error_likely"`
	Reliability      []Bin   `json:"reliability"`

	// Gain and Offset are what the calibration's log odds would have to be multiplied
	// by, and have added, to be those that were found: 1 and 0 for a perfect one.
	Gain   float64 `json:"gain"`
	Offset float64 `json:"offset"`

	// Intervals are those of Threshold, over samples of the pictures.
	Intervals Intervals `json:"intervals"`
	// MeanAveragePrecision is that of the labels that are true of any picture: how well
	// the pictures of a label are ranked, at whatever threshold.
	MeanAveragePrecision float64        `json:"mean_average_precision"`
	PerLabel             []LabelQuality `json:"per_label"` // in list order
}

// Rates are those of keeping every pair at or above a threshold.
type Rates struct {
	Threshold float64 `json:"threshold"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// Bin is a line of the reliability table: pairs with a probability in [From, To).
type Bin struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Pairs int     `json:"pairs"`
	Mean  float64 `json:"mean"` // probability that was given
	Rate  float64 `json:"rate"` // share that was true
}

// pair is a picture and a label.
type pair struct {
	cosine float64
	prob   float64
	logit  float64
	true   bool
	// Places of the picture and of the label.
	picture, label int32
}

// blockScores bounds the scores that are in memory at once.
const blockScores = 1 << 22

// Sample is pictures of which the labels are known.
type Sample struct {
	Vectors vec.Matrix // unit rows, by the classifier's model
	True    [][]int    // for each picture the places of the labels that are true of it
	// Open holds, for each picture, the labels of which nobody can say whether they are
	// true ("ship" of a model ship). They are not measured. It may be nil.
	Open [][]int
}

// Measure labels the rows of vectors, unit vectors of pictures by the classifier's model,
// and compares with truth: for each picture the places of the labels that are true of it.
// minimum is the least probability of Quality.Threshold.
func Measure(ctx context.Context, c *zeroshot.Classifier, vectors vec.Matrix, truth [][]int, minimum float32) (Quality, error) {
	return MeasureSample(ctx, c, Sample{Vectors: vectors, True: truth}, minimum)
}

// MeasureSample labels the pictures of a sample and compares with what is known of them.
// minimum is the least probability of Quality.Threshold.
func MeasureSample(ctx context.Context, c *zeroshot.Classifier, s Sample, minimum float32) (Quality, error) {
	n := s.Vectors.Rows
	if len(s.True) != n || s.Open != nil && len(s.Open) != n {
		return Quality{}, fmt.Errorf("there are %d pictures and the labels of %d", n, len(s.True))
	}
	labels := len(c.List().Labels)
	q := Quality{Pictures: n, Labels: labels}
	pairs := make([]pair, 0, n*labels)
	right := 0
	size := max(1, blockScores/max(1, labels))
	for from := 0; from < n; from += size {
		scores, err := c.Score(ctx, s.Vectors.Slice(from, min(from+size, n)))
		if err != nil {
			return Quality{}, err
		}
		for i, all := range scores {
			is := s.True[from+i]
			if len(is) == 1 {
				q.Single++
				if all[0].Label == is[0] {
					right++
				}
			}
			for _, score := range all {
				if s.Open != nil && slices.Contains(s.Open[from+i], score.Label) {
					continue
				}
				p := float64(score.Probability)
				pairs = append(pairs, pair{
					cosine: float64(score.Cosine), prob: p, logit: logOdds(p), true: slices.Contains(is, score.Label),
					picture: int32(from + i), label: int32(score.Label),
				})
			}
		}
	}
	for _, p := range pairs {
		if p.true {
			q.Positives++
		}
	}
	if q.Single > 0 {
		q.Accuracy = float64(right) / float64(q.Single)
	}
	q.Threshold = ratesAt(pairs, func(p pair) float64 { return p.prob }, float64(minimum))
	q.Best = bestRates(pairs, func(p pair) float64 { return p.prob })
	q.Cosine = bestRates(pairs, func(p pair) float64 { return p.cosine })
	q.Reliability = reliability(pairs)
	q.CalibrationError = calibrationError(pairs, 0)
	q.LikelyError = calibrationError(pairs, 0.05)
	q.Gain, q.Offset = fitLogits(pairs)
	q.Intervals = intervalsAt(pairs, n, float64(minimum))
	q.PerLabel, q.MeanAveragePrecision = perLabel(pairs, c.List().Labels, minimum)
	return q, nil
}

// logOdds is the inverse of the logistic function, within what float32 can tell.
func logOdds(p float64) float64 {
	p = max(1e-7, min(1-1e-7, p))
	return math.Log(p / (1 - p))
}

func ratesAt(pairs []pair, score func(pair) float64, threshold float64) Rates {
	kept, hits, positives := 0, 0, 0
	for _, p := range pairs {
		if p.true {
			positives++
		}
		if score(p) >= threshold {
			kept++
			if p.true {
				hits++
			}
		}
	}
	return rates(threshold, hits, kept, positives)
}

func rates(threshold float64, hits, kept, positives int) Rates {
	r := Rates{Threshold: threshold}
	if kept > 0 {
		r.Precision = float64(hits) / float64(kept)
	}
	if positives > 0 {
		r.Recall = float64(hits) / float64(positives)
	}
	if kept+positives > 0 {
		r.F1 = 2 * float64(hits) / float64(kept+positives)
	}
	return r
}

// bestRates tries every threshold.
func bestRates(pairs []pair, score func(pair) float64) Rates {
	sorted := slices.Clone(pairs)
	slices.SortFunc(sorted, func(a, b pair) int { return cmp.Compare(score(b), score(a)) })
	positives := 0
	for _, p := range sorted {
		if p.true {
			positives++
		}
	}
	var best Rates
	hits := 0
	for i, p := range sorted {
		if p.true {
			hits++
		}
		if i+1 < len(sorted) && score(sorted[i+1]) == score(p) {
			continue // a threshold cannot divide equal scores
		}
		if r := rates(score(p), hits, i+1, positives); r.F1 > best.F1 {
			best = r
		}
	}
	return best
}

// bins is how many lines a reliability table has.
const bins = 10

func reliability(pairs []pair) []Bin {
	out := make([]Bin, bins)
	for i := range out {
		out[i].From, out[i].To = float64(i)/bins, float64(i+1)/bins
	}
	for _, p := range pairs {
		b := &out[min(bins-1, int(p.prob*bins))]
		b.Pairs++
		b.Mean += p.prob
		if p.true {
			b.Rate++
		}
	}
	for i := range out {
		if n := float64(out[i].Pairs); n > 0 {
			out[i].Mean /= n
			out[i].Rate /= n
		}
	}
	return out
}

func calibrationError(pairs []pair, least float64) float64 {
	likely := make([]pair, 0, len(pairs))
	for _, p := range pairs {
		if p.prob >= least {
			likely = append(likely, p)
		}
	}
	var sum float64
	for _, b := range reliability(likely) {
		sum += float64(b.Pairs) * math.Abs(b.Mean-b.Rate)
	}
	return sum / float64(max(1, len(likely)))
}

// fitLogits fits true = logistic(gain*logit + offset) by Newton's method with steps
// of bounded length (Platt 1999).
func fitLogits(pairs []pair) (gain, offset float64) {
	gain = 1
	for range 100 {
		var g0, g1, h00, h01, h11 float64
		for _, p := range pairs {
			y := 0.0
			if p.true {
				y = 1
			}
			q := 1 / (1 + math.Exp(-(gain*p.logit + offset)))
			w := q*(1-q) + 1e-9
			g0 += (q - y) * p.logit
			g1 += q - y
			h00 += w * p.logit * p.logit
			h01 += w * p.logit
			h11 += w
		}
		det := h00*h11 - h01*h01
		if !(math.Abs(det) > 1e-12) {
			return gain, offset
		}
		d0, d1 := (g0*h11-g1*h01)/det, (g1*h00-g0*h01)/det
		step := min(1, 1/max(math.Abs(d0), math.Abs(d1), 1e-12))
		gain -= step * d0
		offset -= step * d1
		if math.Abs(d0)+math.Abs(d1) < 1e-9 {
			break
		}
	}
	return gain, offset
}
