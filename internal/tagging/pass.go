package tagging

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/sightline/sightline/internal/store"
)

// batchSize is how many pictures are written at once: enough that the fsync of each
// batch does not show, nor that a page of the store's index is written for each label.
const batchSize = 8192

// pass writes the results of a walk into the store and hands them to the outputs.
type pass struct {
	tagger *Tagger
	source string
	notes  *done // of which pictures are done; nil for a run per label, which keeps none
	out    *sinks
}

// run goes through all results. One batch is written while the next is compared.
func (p *pass) run(ctx context.Context, results iter.Seq2[Result, error]) error {
	g, working := errgroup.WithContext(ctx)
	batches := make(chan []Result)
	g.Go(func() error {
		defer close(batches)
		return collectBatches(working, results, batches)
	})
	g.Go(func() error {
		for batch := range batches {
			if err := p.write(working, batch); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

// collectBatches hands results over in batches. They are read to their end or to the
// first error, or until ctx is done.
func collectBatches(ctx context.Context, results iter.Seq2[Result, error], batches chan<- []Result) error {
	batch := make([]Result, 0, batchSize)
	send := func() error {
		select {
		case batches <- batch:
			batch = make([]Result, 0, batchSize)
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for res, err := range results {
		if err != nil {
			return err
		}
		if batch = append(batch, res); len(batch) == batchSize {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return send()
}

// write makes the new tags of a batch durable, notes its pictures as done, and then hands
// all of it to the outputs: what is in an output is in the index.
func (p *pass) write(ctx context.Context, batch []Result) error {
	changed := make(map[string][]store.Tag)
	fresh := 0
	for i := range batch {
		res := &batch[i]
		if res.Done {
			continue
		}
		fresh++
		if !slices.EqualFunc(tagsFrom(&res.Record, p.source), res.Tags, sameTag) {
			changed[res.Record.ID] = res.Tags
		}
	}
	gone, err := setTags(ctx, p.tagger.store, p.source, changed, p.tagger.observer.Failed)
	if err != nil {
		return err
	}
	if p.notes != nil && fresh > 0 {
		if err := p.notes.add(batch); err != nil {
			return err
		}
		p.tagger.observer.Tagged(fresh)
	}
	for i := range batch {
		if res := &batch[i]; !gone[res.Record.ID] {
			p.out.add(ctx, &res.Record, res.Tags)
		}
	}
	return ctx.Err()
}

// sameTag reports whether two tags of one source say the same.
func sameTag(a, b store.Tag) bool {
	return a.Label == b.Label && a.Score == b.Score && a.Probability == b.Probability
}

// setTags writes tags. Records that somebody has removed since they were read do not stop
// it, nor those that the store cannot keep with these tags, of which failed is told; both
// are returned.
func setTags(ctx context.Context, st store.Store, source string, tags map[string][]store.Tag, failed func(path, reason string)) (without map[string]bool, err error) {
	without = make(map[string]bool)
	for len(tags) > 0 {
		err := st.SetTags(ctx, source, tags)
		var bad *store.RecordError
		switch {
		case err == nil:
			return without, nil
		case errors.As(err, &bad) && tags[bad.ID] != nil:
			failed(bad.Path, bad.Err.Error())
			without[bad.ID] = true
			delete(tags, bad.ID)
		case errors.Is(err, store.ErrNotFound):
			if err := withoutGone(ctx, st, tags, without); err != nil {
				return nil, err
			}
		default:
			return nil, err
		}
	}
	return without, nil
}

// withoutGone takes out of tags those of records that are not in the index, and notes
// them. There must be one: otherwise ErrNotFound would be asked about for ever.
func withoutGone(ctx context.Context, st store.Store, tags map[string][]store.Tag, without map[string]bool) error {
	ids := slices.Collect(maps.Keys(tags))
	stats, err := st.Stats(ctx, ids)
	if err != nil {
		return err
	}
	found := false
	for _, id := range ids {
		if s, ok := stats[id]; !ok || s.Failed {
			without[id], found = true, true
			delete(tags, id)
		}
	}
	if !found {
		return fmt.Errorf("tagging %d pictures: %w", len(ids), store.ErrNotFound)
	}
	return nil
}
