package zeroshot

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

const (
	// blockScores bounds the scores of one block of pictures over all labels: 16 MB.
	blockScores = 1 << 22
	// blockPictures bounds the pictures of a block where there are few labels.
	blockPictures = 4096
)

// batch is pictures on their way to the labels.
type batch struct {
	records []store.Record
	vectors vec.Matrix
}

// blockSize is how many pictures are compared with all labels at once.
func (c *Classifier) blockSize() int {
	if c.coarse != nil { // which has bounds of its own
		return blockPictures
	}
	return max(1, min(blockPictures, blockScores/c.matrix.Rows))
}

// tagImages reads one block while the one before it is compared with the labels.
func (c *Classifier) tagImages(ctx context.Context, st store.Store, o TagOptions, yield func(Result, error) bool) error {
	if err := c.check(ctx, st, o); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	batches := make(chan batch)
	g.Go(func() error {
		defer close(batches)
		return c.read(ctx, st, o, batches)
	})
	more := true
	var done int64
	var err error
	for b := range batches {
		if !more || err != nil {
			continue // the reader is being stopped
		}
		var best [][]Score
		if best, err = c.Best(ctx, b.vectors, o.Top, o.MinProbability); err != nil {
			stop()
			continue
		}
		for i := range b.records {
			tags := make([]store.Tag, len(best[i]))
			for j, s := range best[i] {
				tags[j] = c.tag(s, o.Source)
			}
			if more = yield(Result{Record: b.records[i], Tags: tags}, nil); !more {
				stop()
				break
			}
		}
		done += int64(len(b.records))
		if o.Progress != nil && more {
			o.Progress(done)
		}
	}
	readErr := g.Wait()
	if !more {
		return nil
	}
	// Where reading failed, comparing was only cut short by it.
	if err != nil && (readErr == nil || !errors.Is(err, context.Canceled)) {
		return err
	}
	return readErr
}

// read hands over the pictures of the index in blocks.
func (c *Classifier) read(ctx context.Context, st store.Store, o TagOptions, batches chan<- batch) error {
	size := c.blockSize()
	b := batch{vectors: vec.NewMatrix(size, c.matrix.Cols)}
	send := func() error {
		if len(b.records) == 0 {
			return nil
		}
		b.vectors = b.vectors.Slice(0, len(b.records))
		select {
		case batches <- b:
			b = batch{vectors: vec.NewMatrix(size, c.matrix.Cols)}
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for r, err := range st.Scan(ctx, o.Filter, store.Fields{Vectors: true, AnyOrder: o.AnyOrder}) {
		if err != nil {
			return fmt.Errorf("reading the index: %w", err)
		}
		if (!o.AnyOrder && r.ID <= o.After) || (o.Skip != nil && o.Skip(&r)) {
			continue
		}
		copy(b.vectors.Row(len(b.records)), r.Vector)
		r.Vector = nil
		if b.records = append(b.records, r); len(b.records) == size {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

// Best returns the labels of each picture that are probable enough, the most
// probable first: the open labels of highest cosine, shifted as the
// calibration wants it, and the best of each exclusive group, of those at most top. vectors are unit rows by the same model.
func (c *Classifier) Best(ctx context.Context, vectors vec.Matrix, top int, minimum float32) ([][]Score, error) {
	out := make([][]Score, vectors.Rows)
	size := c.blockSize()
	for from := 0; from < vectors.Rows; from += size {
		part := vectors.Slice(from, min(from+size, vectors.Rows))
		if c.coarse != nil {
			if err := c.bestCoarse(ctx, part, top, minimum, out[from:from+part.Rows]); err != nil {
				return nil, err
			}
			continue
		}
		cosines := vec.NewMatrix(part.Rows, c.matrix.Rows)
		if err := c.engine.Score(ctx, c.matrix, part, cosines); err != nil {
			return nil, fmt.Errorf("comparing %d pictures with %d labels: %w", part.Rows, c.labels, err)
		}
		each(part.Rows, func(i int) { out[from+i] = c.best(cosines.Row(i), top, minimum) })
	}
	return out, nil
}

// best chooses the labels of one picture from its cosines.
func (c *Classifier) best(cosines []float32, top int, minimum float32) []Score {
	var b background
	c.set(&b, cosines[c.labels:])
	t := vec.NewTopK(top)
	for _, l := range c.open {
		if s := cosines[l] + c.shifts[l]; s >= t.Threshold() {
			t.Offer(l, s)
		}
	}
	found := c.keepOpen(t.Sorted(nil), &b, top, minimum)
	for _, group := range c.groups {
		if s := c.bestOfGroup(group, cosines); c.enough(s, minimum) {
			found = append(found, s)
		}
	}
	return mostProbable(found, top)
}

// keepOpen judges open labels, which come with their shifted cosines.
func (c *Classifier) keepOpen(best []vec.Scored, b *background, top int, minimum float32) []Score {
	var found []Score
	for _, s := range best {
		cosine := s.Score - c.shifts[s.Index]
		score := Score{Label: s.Index, Cosine: cosine, Probability: c.openProbability(s.Index, cosine, b)}
		if c.enough(score, minimum) {
			found = append(found, score)
		}
	}
	return mostProbable(found, top)
}

func mostProbable(found []Score, top int) []Score {
	slices.SortFunc(found, moreProbable)
	n := min(len(found), top)
	return found[:n:n]
}

// bestOfGroup returns the group's best label, the first in the list of equal ones.
func (c *Classifier) bestOfGroup(group []int, cosines []float32) Score {
	best := group[0]
	for _, l := range group {
		if cosines[l] > cosines[best] {
			best = l
		}
	}
	share := c.scale * float64(cosines[best])
	return Score{Label: best, Cosine: cosines[best], Probability: groupShare(share, group, cosines, c.scale)}
}

// each calls f for 0 to n-1 on all cores.
func each(n int, f func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}
