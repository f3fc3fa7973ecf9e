package labeling

import (
	"context"
	"fmt"
	"slices"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/measure/retrieval"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Report is the quality of labelling over the pictures of a captions file.
type Report struct {
	Quality Quality
	Unknown []string // labels of the captions that are not in the list; they are not counted
	Missing int      // captions whose pictures are not in the index; they are not counted
}

// Run measures a classifier on the pictures of an index whose true labels stand in the
// captions. minimum is the least probability of Quality.Threshold. Beside an error, the
// report holds what was found until then. The error is retrieval.ErrCaptions where the
// captions do not fit the index or the labels.
func Run(ctx context.Context, st store.Store, c *zeroshot.Classifier, captions []retrieval.Caption, minimum float32) (Report, error) {
	var r Report
	var truth [][]int
	truth, r.Unknown = truthOf(captions, c.List())
	vectors, which, err := vectorsOf(ctx, st, captions)
	if err != nil {
		return r, err
	}
	r.Missing = len(captions) - len(which)
	known := make([][]int, len(which))
	for i, at := range which {
		known[i] = truth[at]
	}
	if r.Quality, err = Measure(ctx, c, vectors, known, minimum); err != nil {
		return r, err
	}
	if r.Quality.Positives == 0 {
		return r, fmt.Errorf("%w: none of the labels is true of any of its pictures", retrieval.ErrCaptions)
	}
	return r, nil
}

// truthOf finds the labels of each caption in the list, and those that are not there.
func truthOf(captions []retrieval.Caption, list *label.List) (truth [][]int, unknown []string) {
	at := make(map[string]int)
	for i := range list.Labels {
		at[label.Fold(list.Labels[i].Name)] = i
	}
	truth = make([][]int, len(captions))
	for i, c := range captions {
		for _, name := range c.Labels {
			if l, ok := at[label.Fold(name)]; ok {
				truth[i] = append(truth[i], l)
			} else if !slices.Contains(unknown, name) {
				unknown = append(unknown, name)
			}
		}
	}
	return truth, unknown
}

// vectorsOf returns the vectors of those captions' pictures that are in the index,
// and which captions those are.
func vectorsOf(ctx context.Context, st store.Store, captions []retrieval.Caption) (vec.Matrix, []int, error) {
	files := make(map[string]bool)
	for _, c := range captions {
		files[c.File] = true
	}
	where, err := retrieval.Locate(ctx, st, files)
	if err != nil {
		return vec.Matrix{}, nil, err
	}
	var ids []string
	var which []int
	for i, c := range captions {
		if found := where[c.File]; len(found) > 0 {
			ids, which = append(ids, found[0]), append(which, i)
		}
	}
	if len(ids) == 0 {
		return vec.Matrix{}, nil, fmt.Errorf("%w: none of its %d pictures is in the index", retrieval.ErrCaptions, len(files))
	}
	records, err := st.Get(ctx, ids)
	if err != nil {
		return vec.Matrix{}, nil, err
	}
	if len(records) != len(ids) {
		return vec.Matrix{}, nil, fmt.Errorf("the index changed while it was read: %d of %d pictures are left", len(records), len(ids))
	}
	rows := make([][]float32, len(records))
	for i := range records {
		rows[i] = records[i].Vector
	}
	m, err := vec.FromRows(rows...)
	return m, which, err
}
