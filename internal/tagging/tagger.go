package tagging

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Classifier is what a run needs of a zeroshot.Classifier.
type Classifier interface {
	TagImages(ctx context.Context, st store.Store, o zeroshot.TagOptions) iter.Seq2[zeroshot.Result, error]
	TagLabels(ctx context.Context, st store.Store, o zeroshot.TagOptions) iter.Seq2[zeroshot.LabelResult, error]
}

// Observer is told how a run goes.
type Observer interface {
	// Planned says that n more pictures, or labels in a run per label, are to be done.
	Planned(n int)
	// Tagged says that n more are done. In a run per image their tags are durable.
	Tagged(n int)
}

// Tagger writes the tags of runs into a store.
type Tagger struct {
	store    store.Store
	registry *Registry
	observer Observer
}

// New returns a Tagger. For Preview and Each a store that was opened for reading is
// enough.
func New(st store.Store, g *Registry, o Observer) *Tagger {
	return &Tagger{store: st, registry: g, observer: o}
}

// batchSize is how many pictures are written at once: enough that the fsync of each
// batch does not show, nor that a page of the store's index is written for each label.
const batchSize = 8192

// Start begins a run or goes on with it. again forgets how far it was, so that every
// picture is looked at once more; the tags of old stay until they are replaced.
func (t *Tagger) Start(r Run, again bool) (Run, error) {
	r.ID = r.Plan.ID()
	r.Resumed = now()
	old, err := t.registry.Load(r.ID)
	isNew := errors.Is(err, ErrNoRun)
	switch {
	case isNew:
		r.Started = r.Resumed
	case err != nil:
		return Run{}, err
	default:
		r.Started, r.Finished = old.Started, old.Finished
		r.Sidecars = r.Sidecars || old.Sidecars
	}
	if again || isNew {
		if err := t.registry.forgetDone(r.ID); err != nil {
			return Run{}, err
		}
	}
	// The run is kept before its first tag: no tag is from a run that nobody knows of.
	return r, t.registry.Save(r)
}

// now is as fine as the clock: two runs may begin within a second, and "last" tells them
// apart by it.
func now() time.Time { return time.Now().UTC() }

// Tag does what is left of a run and keeps what it has come to. It may be cut off at
// any point; the next call goes on.
func (t *Tagger) Tag(ctx context.Context, r *Run, c Classifier) error {
	tag := t.tagImages
	if r.Plan.Direction == PerLabel {
		tag = t.tagLabels
	}
	if err := tag(ctx, r, c); err != nil {
		return err
	}
	return t.finish(ctx, r)
}

func (t *Tagger) tagImages(ctx context.Context, r *Run, c Classifier) (err error) {
	notes, err := t.registry.openDone(r.ID)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, notes.close()) }()
	total, err := t.store.Count(ctx, nil)
	if err != nil {
		return err
	}
	// Pictures that have gone are among the notes too, so this is a little too few.
	t.observer.Planned(int(max(0, total-int64(len(notes.seen)))))

	// One batch is written while the next is compared.
	g, working := errgroup.WithContext(ctx)
	batches := make(chan []zeroshot.Result)
	g.Go(func() error {
		defer close(batches)
		return t.compare(working, r, c, notes, batches)
	})
	g.Go(func() error {
		for results := range batches {
			if err := t.write(working, r, notes, results); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

// compare hands over the pictures that are not done, in batches.
func (t *Tagger) compare(ctx context.Context, r *Run, c Classifier, notes *done, batches chan<- []zeroshot.Result) error {
	results := make([]zeroshot.Result, 0, batchSize)
	send := func() error {
		select {
		case batches <- results:
			results = make([]zeroshot.Result, 0, batchSize)
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	options := r.options()
	options.Skip, options.AnyOrder = notes.has, true
	for res, err := range c.TagImages(ctx, t.store, options) {
		if err != nil {
			return err
		}
		if results = append(results, res); len(results) == batchSize {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if len(results) == 0 {
		return nil
	}
	return send()
}

// write makes the tags of a batch durable, and then notes its pictures as done.
func (t *Tagger) write(ctx context.Context, r *Run, notes *done, results []zeroshot.Result) error {
	changed := make(map[string][]store.Tag, len(results))
	for i := range results {
		if res := &results[i]; !sameTags(res.Record.Tags, r.Source(), res.Tags) {
			changed[res.Record.ID] = res.Tags
		}
	}
	if err := t.setTags(ctx, r.Source(), changed); err != nil {
		return err
	}
	if err := notes.add(results); err != nil {
		return err
	}
	t.observer.Tagged(len(results))
	return nil
}

// options are those of the classifier.
func (r *Run) options() zeroshot.TagOptions {
	return zeroshot.TagOptions{
		Top: r.Plan.Count, MinProbability: r.Plan.MinProbability, Source: r.Source(), CorrectHubness: r.Plan.CorrectHubness,
	}
}

// maxLabelTags bounds the tags of a run per label, which are in memory together.
const maxLabelTags = 10_000_000

// CheckCount reports a run per label that would hold too much in memory.
func CheckCount(labels, pictures int) error {
	if labels*pictures > maxLabelTags {
		return fmt.Errorf("%d pictures for each of %d labels are more than %d tags", pictures, labels, maxLabelTags)
	}
	return nil
}

// collect turns the result of a run per label around: the tags of each picture that
// has any, and the picture, by id.
func (t *Tagger) collect(ctx context.Context, r *Run, c Classifier) (map[string]zeroshot.Result, error) {
	t.observer.Planned(r.LabelCount)
	found := make(map[string]zeroshot.Result)
	for res, err := range c.TagLabels(ctx, t.store, r.options()) {
		if err != nil {
			return nil, err
		}
		for _, h := range res.Hits {
			p, ok := found[h.Record.ID]
			if !ok {
				p.Record = h.Record
			}
			p.Tags = append(p.Tags, h.Tag)
			found[h.Record.ID] = p
		}
		t.observer.Tagged(1)
	}
	for _, p := range found {
		slices.SortStableFunc(p.Tags, func(a, b store.Tag) int {
			switch {
			case a.Probability > b.Probability:
				return -1
			case a.Probability < b.Probability:
				return 1
			}
			return 0
		})
	}
	return found, nil
}

// tagLabels writes the difference between what a run per label finds now and what it
// has written before.
func (t *Tagger) tagLabels(ctx context.Context, r *Run, c Classifier) error {
	found, err := t.collect(ctx, r, c)
	if err != nil {
		return err
	}
	changed := make(map[string][]store.Tag)
	flush := func() error {
		err := t.setTags(ctx, r.Source(), changed)
		clear(changed)
		return err
	}
	for rec, err := range t.store.Scan(ctx, nil, store.Fields{AnyOrder: true}) {
		if err != nil {
			return fmt.Errorf("reading the index: %w", err)
		}
		tags := found[rec.ID].Tags
		if sameTags(rec.Tags, r.Source(), tags) {
			continue
		}
		if changed[rec.ID] = tags; len(changed) == batchSize {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// setTags writes tags. A record that somebody has removed since it was read does not
// stop it.
func (t *Tagger) setTags(ctx context.Context, source string, tags map[string][]store.Tag) error {
	if len(tags) == 0 {
		return nil
	}
	err := t.store.SetTags(ctx, source, tags)
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	ids := make([]string, 0, len(tags))
	for id := range tags {
		ids = append(ids, id)
	}
	stats, err := t.store.Stats(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if st, ok := stats[id]; !ok || st.Failed {
			delete(tags, id)
		}
	}
	if len(tags) == 0 {
		return nil
	}
	return t.store.SetTags(ctx, source, tags)
}

// sameTags reports whether the tags of a source among have are want.
func sameTags(have []store.Tag, source string, want []store.Tag) bool {
	have = slices.DeleteFunc(slices.Clone(have), func(t store.Tag) bool { return t.Source != source })
	return slices.EqualFunc(have, want, func(a, b store.Tag) bool {
		return a.Label == b.Label && a.Score == b.Score && a.Probability == b.Probability
	})
}

// finish counts what a run has come to and keeps it.
func (t *Tagger) finish(ctx context.Context, r *Run) error {
	if err := t.store.Flush(ctx); err != nil {
		return err
	}
	if err := t.count(ctx, r); err != nil {
		return err
	}
	r.Finished = now()
	return t.registry.Save(*r)
}

// count counts the pictures of the index, and the run's tags on them.
func (t *Tagger) count(ctx context.Context, r *Run) (err error) {
	if counter, ok := store.As[store.TagCounter](t.store); ok {
		if r.Pictures, err = t.store.Count(ctx, nil); err != nil {
			return err
		}
		r.Tagged, r.Tags, err = counter.CountTags(ctx, r.Source())
		return err
	}
	r.Pictures, r.Tagged, r.Tags = 0, 0, 0
	for rec, err := range t.store.Scan(ctx, nil, store.Fields{AnyOrder: true}) {
		if err != nil {
			return fmt.Errorf("reading the index: %w", err)
		}
		r.Pictures++
		if n := len(RunTags(rec, r.ID)); n > 0 {
			r.Tagged++
			r.Tags += int64(n)
		}
	}
	return nil
}

// Preview yields every picture that a run would tag, in id order, and writes nothing.
func (t *Tagger) Preview(ctx context.Context, r *Run, c Classifier, yield func(store.Record, []store.Tag) error) error {
	if r.Plan.Direction == PerLabel {
		found, err := t.collect(ctx, r, c)
		if err != nil {
			return err
		}
		ids := make([]string, 0, len(found))
		for id := range found {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		for _, id := range ids {
			if err := yield(found[id].Record, found[id].Tags); err != nil {
				return err
			}
		}
		return nil
	}
	total, err := t.store.Count(ctx, nil)
	if err != nil {
		return err
	}
	t.observer.Planned(int(total))
	for res, err := range c.TagImages(ctx, t.store, r.options()) {
		if err != nil {
			return err
		}
		if len(res.Tags) > 0 {
			if err := yield(res.Record, res.Tags); err != nil {
				return err
			}
		}
		t.observer.Tagged(1)
	}
	return nil
}

// Each yields the pictures that have tags of a run, in an order of the store that is
// always the same.
func (t *Tagger) Each(ctx context.Context, id string, yield func(store.Record, []store.Tag) error) error {
	return t.All(ctx, id, func(r store.Record, tags []store.Tag) error {
		if len(tags) == 0 {
			return nil
		}
		return yield(r, tags)
	})
}

// All yields every picture of the index with its tags of a run, in the order of Each.
func (t *Tagger) All(ctx context.Context, id string, yield func(store.Record, []store.Tag) error) error {
	for rec, err := range t.store.Scan(ctx, nil, store.Fields{AnyOrder: true}) {
		if err != nil {
			return fmt.Errorf("reading the index: %w", err)
		}
		if err := yield(rec, RunTags(rec, id)); err != nil {
			return err
		}
	}
	return nil
}

// Undo takes the tags of a run out of the store. It may be cut off and repeated; the
// registry knows the run until it is told to forget it. It returns how many pictures
// had one.
func (t *Tagger) Undo(ctx context.Context, id string) (int64, error) {
	// The notes go first: were they to stay without the tags, the run would never put
	// them back.
	if err := t.registry.forgetDone(id); err != nil {
		return 0, err
	}
	var n int64
	changed := make(map[string][]store.Tag)
	flush := func() error {
		err := t.setTags(ctx, sourceOf(id), changed)
		t.observer.Tagged(len(changed))
		clear(changed)
		return err
	}
	err := t.Each(ctx, id, func(r store.Record, _ []store.Tag) error {
		n++
		if changed[r.ID] = nil; len(changed) < batchSize {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	return n, err
}
