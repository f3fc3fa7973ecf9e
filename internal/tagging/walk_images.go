package tagging

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

// block is pictures on their way to the labels, in the order of the scan.
type block struct {
	records []store.Record
	done    []bool     // which of them are not compared
	vectors vec.Matrix // a row for each of the others
}

// images reads one block while the one before it is compared with the labels.
func (w *walk) images(ctx context.Context, yield func(Result, error) bool) error {
	if err := w.check(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	blocks := make(chan block)
	g.Go(func() error {
		defer close(blocks)
		return w.read(ctx, blocks)
	})
	more := true
	var err error
	for b := range blocks {
		if !more || err != nil {
			continue // the reader is being stopped
		}
		if more, err = w.compare(ctx, b, yield); !more || err != nil {
			stop()
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

// compare yields the pictures of a block. It reports whether more are wanted.
func (w *walk) compare(ctx context.Context, b block, yield func(Result, error) bool) (more bool, err error) {
	var best [][]zeroshot.Score
	if b.vectors.Rows > 0 {
		if best, err = w.classifier.Best(ctx, b.vectors, w.Top, w.MinProbability); err != nil {
			return true, err
		}
	}
	fresh := 0
	for i, r := range b.records {
		res := Result{Record: r, Done: b.done[i]}
		if res.Done {
			res.Tags = tagsFrom(&r, w.Source)
		} else {
			scores := best[fresh]
			if said := w.Verdicts.Of(&r); said != nil {
				all, err := w.classifier.Score(ctx, b.vectors.Slice(fresh, fresh+1))
				if err != nil {
					return true, err
				}
				scores = w.heed(all[0], said)
			}
			fresh++
			res.Tags = make([]store.Tag, len(scores))
			for j, s := range scores {
				res.Tags[j] = w.tag(s)
			}
		}
		if !yield(res, nil) {
			return false, nil
		}
	}
	return true, nil
}

// read hands over the pictures of the index in blocks.
func (w *walk) read(ctx context.Context, blocks chan<- block) error {
	size, cols := w.classifier.BlockSize(), w.classifier.Labels().Cols
	var b block
	fresh := 0
	send := func() error {
		if w.MostDone && fresh > 0 {
			var err error
			if b, fresh, err = w.withVectors(ctx, b); err != nil {
				return err
			}
		}
		if len(b.records) == 0 {
			return nil
		}
		b.vectors = b.vectors.Slice(0, fresh)
		select {
		case blocks <- b:
			b, fresh = block{}, 0
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for r, err := range w.store.Scan(ctx, nil, store.Fields{Vectors: !w.MostDone, AnyOrder: w.AnyOrder}) {
		if err != nil {
			return fmt.Errorf("reading the index: %w", err)
		}
		done := w.Done != nil && w.Done(&r)
		if !done {
			if fresh == 0 { // where all are done, none is needed
				b.vectors = vec.NewMatrix(size, cols)
			}
			copy(b.vectors.Row(fresh), r.Vector) // which MostDone reads later
			fresh++
		}
		r.Vector = nil
		b.records, b.done = append(b.records, r), append(b.done, done)
		if len(b.records) == size {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

// withVectors reads the vectors of the pictures of a block that are not done, and leaves
// those out that have been removed since the scan came by.
func (w *walk) withVectors(ctx context.Context, b block) (block, int, error) {
	var ids []string
	for i, r := range b.records {
		if !b.done[i] {
			ids = append(ids, r.ID)
		}
	}
	there, err := w.store.Get(ctx, ids)
	if err != nil {
		return b, 0, fmt.Errorf("reading %d pictures: %w", len(ids), err)
	}
	found := make(map[string]store.Record, len(there))
	for _, r := range there {
		found[r.ID] = r
	}
	out, fresh := block{vectors: b.vectors}, 0
	for i, r := range b.records {
		if !b.done[i] {
			var ok bool
			if r, ok = found[r.ID]; !ok {
				continue
			}
			copy(out.vectors.Row(fresh), r.Vector)
			r.Vector = nil
			fresh++
		}
		out.records, out.done = append(out.records, r), append(out.done, b.done[i])
	}
	return out, fresh, nil
}

// tagsFrom returns the tags of a record that come from a source.
func tagsFrom(r *store.Record, source string) []store.Tag {
	var out []store.Tag
	for _, t := range r.Tags {
		if t.Source == source {
			out = append(out, t)
		}
	}
	return out
}
