package zeroshot

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

const (
	// passHits bounds the hits of one pass of the store's search.
	passHits = 1 << 17
	// fetchVectors is how many pictures' vectors are in memory at once.
	fetchVectors = 1024
	// hubFactor is how many times as many pictures are looked at where hubness is
	// corrected.
	hubFactor = 4
)

func (c *Classifier) tagLabels(ctx context.Context, st store.Store, o TagOptions, yield func(LabelResult, error) bool) error {
	if err := c.check(ctx, st, o); err != nil {
		return err
	}
	k, most := o.Top, st.Capabilities().MaxTopK
	if most > 0 && k > most {
		return fmt.Errorf("%d pictures a label were asked for, the store finds at most %d", k, most)
	}
	if o.CorrectHubness {
		if k *= hubFactor; most > 0 {
			k = min(k, most)
		}
	}
	pass := max(1, min(c.labels, passHits/k))
	for from := 0; from < c.labels; from += pass {
		to := min(from+pass, c.labels)
		hits, err := st.Search(ctx, store.Query{Vectors: c.matrix.Slice(from, to), K: k, MinScore: -1, Filter: o.Filter})
		if err != nil {
			return fmt.Errorf("searching for %d labels: %w", to-from, err)
		}
		scores, err := c.judge(ctx, st, from, hits)
		if err != nil {
			return err
		}
		for i := range hits {
			if !yield(c.labelResult(from+i, hits[i], scores, o), nil) {
				return nil
			}
			if o.Progress != nil {
				o.Progress(int64(from + i + 1))
			}
		}
	}
	return nil
}

// found is a picture that came up for a label.
type found struct {
	label int
	id    string
}

// judge works out the scores of all hits of a pass. The store's own scores are not
// used, so that an approximate store gives the same tags as an exact one.
func (c *Classifier) judge(ctx context.Context, st store.Store, first int, hits [][]store.Hit) (map[found]Score, error) {
	labelsOf := make(map[string][]int)
	for i := range hits {
		for _, h := range hits[i] {
			labelsOf[h.ID] = append(labelsOf[h.ID], first+i)
		}
	}
	ids := make([]string, 0, len(labelsOf))
	for id := range labelsOf {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	scores := make(map[found]Score)
	for chunk := range slices.Chunk(ids, fetchVectors) {
		records, err := st.Get(ctx, chunk)
		if err != nil {
			return nil, fmt.Errorf("reading the vectors of %d pictures: %w", len(chunk), err)
		}
		vectors := vec.NewMatrix(len(records), c.matrix.Cols)
		for i := range records {
			copy(vectors.Row(i), records[i].Vector)
		}
		bank := vec.NewMatrix(len(records), c.matrix.Rows-c.labels)
		if err := c.engine.Score(ctx, c.bank(), vectors, bank); err != nil {
			return nil, err
		}
		var b background
		for i := range records {
			c.set(&b, bank.Row(i))
			for _, l := range labelsOf[records[i].ID] {
				if s, ok := c.judgeOne(l, vectors.Row(i), &b); ok {
					scores[found{l, records[i].ID}] = s
				}
			}
		}
	}
	return scores, nil
}

// judgeOne scores a label for a picture. It is false for a label that is not its
// group's best.
func (c *Classifier) judgeOne(label int, vector []float32, b *background) (Score, bool) {
	g := c.groupOf[label]
	if g < 0 {
		cosine := vec.Dot(c.matrix.Row(label), vector)
		return Score{Label: label, Cosine: cosine, Probability: c.openProbability(label, cosine, b)}, true
	}
	cosines := make([]float32, len(c.groups[g]))
	places := make([]int, len(cosines))
	for i, l := range c.groups[g] {
		cosines[i], places[i] = vec.Dot(c.matrix.Row(l), vector), i
	}
	s := c.bestOfGroup(places, cosines)
	s.Label = c.groups[g][s.Label]
	return s, s.Label == label
}

func (c *Classifier) labelResult(label int, hits []store.Hit, scores map[found]Score, o TagOptions) LabelResult {
	res := LabelResult{Label: label, Hits: []Hit{}}
	for _, h := range hits {
		s, ok := scores[found{label, h.ID}]
		if !ok || !c.enough(s, o.MinProbability) || (o.Skip != nil && o.Skip(&h.Record)) {
			continue
		}
		res.Hits = append(res.Hits, Hit{Record: h.Record, Tag: c.tag(s, o.Source)})
	}
	slices.SortFunc(res.Hits, func(a, b Hit) int {
		if a.Tag.Probability != b.Tag.Probability {
			if a.Tag.Probability > b.Tag.Probability {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Record.ID, b.Record.ID)
	})
	res.Hits = res.Hits[:min(len(res.Hits), o.Top)]
	return res
}

// groupShare is the softmax share of the label whose scaled cosine is share.
func groupShare(share float64, group []int, cosines []float32, scale float64) float32 {
	var sum float64
	for _, l := range group {
		sum += math.Exp(scale*float64(cosines[l]) - share)
	}
	return float32(1 / sum)
}
