package tagging

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
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

func (w *walk) labels(ctx context.Context, yield func(LabelResult, error) bool) error {
	if err := w.check(ctx); err != nil {
		return err
	}
	k, most := w.Top, w.store.Capabilities().MaxTopK
	if most > 0 && k > most {
		return fmt.Errorf("%d pictures a label were asked for, the store finds at most %d", k, most)
	}
	if w.CorrectHubness {
		if k *= hubFactor; most > 0 {
			k = min(k, most)
		}
	}
	labels := w.classifier.Labels()
	pass := max(1, min(labels.Rows, passHits/k))
	for from := 0; from < labels.Rows; from += pass {
		to := min(from+pass, labels.Rows)
		hits, err := w.store.Search(ctx, store.Query{Vectors: labels.Slice(from, to), K: k, MinScore: -1})
		if err != nil {
			return fmt.Errorf("searching for %d labels: %w", to-from, err)
		}
		scores, err := w.judge(ctx, from, hits)
		if err != nil {
			return err
		}
		for i := range hits {
			res, err := w.labelResult(ctx, from+i, hits[i], scores)
			if err != nil {
				return err
			}
			if !yield(res, nil) {
				return nil
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

// judge works out the scores of all hits of a pass that are probable enough. The store's
// own scores are not used, so that an approximate store gives the same tags as an exact
// one.
func (w *walk) judge(ctx context.Context, first int, hits [][]store.Hit) (map[found]zeroshot.Score, error) {
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
	scores := make(map[found]zeroshot.Score)
	for chunk := range slices.Chunk(ids, fetchVectors) {
		records, err := w.store.Get(ctx, chunk)
		if err != nil {
			return nil, fmt.Errorf("reading the vectors of %d pictures: %w", len(chunk), err)
		}
		vectors := vec.NewMatrix(len(records), w.classifier.Labels().Cols)
		labels := make([][]int, len(records))
		for i := range records {
			copy(vectors.Row(i), records[i].Vector)
			labels[i] = labelsOf[records[i].ID]
		}
		judged, err := w.classifier.Judge(ctx, vectors, labels, w.MinProbability)
		if err != nil {
			return nil, err
		}
		for i := range judged {
			for _, s := range judged[i] {
				scores[found{s.Label, records[i].ID}] = s
			}
		}
	}
	return scores, nil
}

// labelResult is the label with its pictures: those that were approved, and of the hits
// that were not rejected the most probable.
func (w *walk) labelResult(ctx context.Context, label int, hits []store.Hit, scores map[found]zeroshot.Score) (LabelResult, error) {
	res := LabelResult{Label: label, Hits: []Hit{}}
	approved, err := w.Verdicts.approved(ctx, w.store, label)
	if err != nil {
		return res, err
	}
	for _, r := range approved {
		res.Hits = append(res.Hits, Hit{Record: r, Tag: w.tag(zeroshot.Score{Label: label, Probability: 1})})
	}
	for _, h := range hits {
		s, ok := scores[found{label, h.ID}]
		if verdict, said := w.Verdicts.Of(&h.Record)[label]; said {
			ok = ok && verdict && !slices.ContainsFunc(approved, func(r store.Record) bool { return r.ID == h.ID })
			s.Probability = 1 // a copy of one that was approved
		}
		if ok {
			res.Hits = append(res.Hits, Hit{Record: h.Record, Tag: w.tag(s)})
		}
	}
	slices.SortFunc(res.Hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Tag.Probability, a.Tag.Probability), cmp.Compare(a.Record.ID, b.Record.ID))
	})
	res.Hits = res.Hits[:min(len(res.Hits), w.Top)]
	return res, nil
}
