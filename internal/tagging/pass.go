package tagging

import (
	"context"
	"errors"
	"iter"
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
	gone, err := setTags(ctx, p.tagger.store, p.source, changed)
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
// it; they are returned.
func setTags(ctx context.Context, st store.Store, source string, tags map[string][]store.Tag) (gone map[string]bool, err error) {
	if len(tags) == 0 {
		return nil, nil
	}
	err = st.SetTags(ctx, source, tags)
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	ids := make([]string, 0, len(tags))
	for id := range tags {
		ids = append(ids, id)
	}
	stats, err := st.Stats(ctx, ids)
	if err != nil {
		return nil, err
	}
	gone = make(map[string]bool)
	for _, id := range ids {
		if s, ok := stats[id]; !ok || s.Failed {
			gone[id] = true
			delete(tags, id)
		}
	}
	if len(tags) == 0 {
		return gone, nil
	}
	return gone, st.SetTags(ctx, source, tags)
}
