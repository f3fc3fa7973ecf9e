package tagging

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Observer is told how a run goes.
type Observer interface {
	// Planned says that n more pictures, or labels in a run per label, are to be done.
	Planned(n int)
	// Tagged says that n more are done. In a run per image their tags are durable.
	Tagged(n int)
	// Failed says why the sidecar of a picture was left as it is.
	Failed(path, reason string)
}

// Tagger does tagging runs over an index.
type Tagger struct {
	store    store.Store
	registry *Registry
	observer Observer
}

// New returns a Tagger. For Preview a store that was opened for reading is enough.
func New(st store.Store, g *Registry, o Observer) *Tagger {
	return &Tagger{store: st, registry: g, observer: o}
}

// Options says what a run is to do.
type Options struct {
	Collection     string
	Direction      Direction
	Count          int     // labels per picture, or pictures per label; at least 1
	MinProbability float32 // for labels without a threshold of their own
	CorrectHubness bool    // see WalkOptions
	Retag          bool    // look at all pictures again, also those that are done
	// Verdicts are those of the Learned whose classifier the run takes; nil for none.
	Verdicts *Verdicts
	Outputs
}

// newRun is a run of these options that has not begun.
func (o *Options) newRun(c *zeroshot.Classifier) Run {
	list := c.List()
	r := Run{
		Plan: Plan{
			Collection: o.Collection, Provenance: c.Provenance(), Direction: o.Direction,
			Count: o.Count, MinProbability: o.MinProbability, CorrectHubness: o.CorrectHubness,
		},
		ModelName: c.Model(), LabelsFrom: list.Source, LabelCount: len(list.Labels), Templates: c.Templates(), Sidecars: o.Sidecars,
	}
	r.ID = r.Plan.ID()
	r.Corrections = o.Verdicts.Digest()
	return r
}

// walk are the options of the walk that a run takes.
func (o *Options) walk(r *Run) WalkOptions {
	return WalkOptions{
		Top: r.Plan.Count, MinProbability: r.Plan.MinProbability, Source: r.Source(), CorrectHubness: r.Plan.CorrectHubness,
		Verdicts: o.Verdicts,
	}
}

// Summary is what a run has come to, or would come to.
type Summary struct {
	Run            Run
	Labels         []LabelCount // the labels that were given, the most frequent first
	Changes        Changes      // against what the index had of the run before
	FailedSidecars int64
	DryRun         bool // it is what the run would come to: see Preview
}

// Tag begins a run or goes on with it, and writes its outputs. It reads the index once:
// pictures that are not done are compared, their tags are written, and every picture is
// handed to the outputs. It may be cut off at any point; the next call goes on, and its
// outputs are those of a run that was never cut off.
//
// An output that cannot be written is an error at the end; the tags are in the index then.
func (t *Tagger) Tag(ctx context.Context, c *zeroshot.Classifier, o Options) (s Summary, err error) {
	r, err := t.start(ctx, o.newRun(c), o.Retag)
	if err != nil {
		return Summary{}, err
	}
	n := newCounts(r.Source())
	xmp := &sidecarSink{run: r.ID, keywords: keywordsOf(c.List()), observer: t.observer}
	out := &sinks{open: append([]Sink{n}, o.sinks(&r, xmp)...)}
	defer func() { err = errors.Join(err, out.abandon()) }()
	if r.Plan.Direction == PerLabel {
		err = t.tagLabels(ctx, &r, c, &o, out)
	} else {
		err = t.tagImages(ctx, &r, c, &o, out)
	}
	if err != nil {
		return Summary{}, err
	}
	if err := t.store.Flush(ctx); err != nil {
		return Summary{}, err
	}
	r.Pictures, r.Tagged, r.Tags, r.Finished = n.pictures, n.tagged, n.tags, now()
	if err := t.registry.Save(ctx, r); err != nil {
		return Summary{}, err
	}
	err = out.finish(ctx, &r)
	return Summary{Run: r, Labels: n.labels(), Changes: n.changes, FailedSidecars: xmp.failed}, err
}

// sinks makes the outputs of a run.
func (o *Outputs) sinks(r *Run, xmp *sidecarSink) []Sink {
	var out []Sink
	if o.Lines != nil {
		out = append(out, lineSink{bufio.NewWriter(o.Lines)})
	}
	for _, f := range o.Exports {
		out = append(out, &exportSink{run: r, file: f})
	}
	if o.Sidecars {
		out = append(out, xmp)
	}
	if o.Report != "" {
		out = append(out, ReportTo(o.Report))
	}
	return out
}

// start begins a run or goes on with it. retag forgets how far it was, so that every
// picture is looked at once more; the old tags stay until they are replaced.
func (t *Tagger) start(ctx context.Context, r Run, retag bool) (Run, error) {
	r.Resumed = now()
	old, err := t.registry.Load(ctx, r.ID)
	isNew := errors.Is(err, ErrNoRun) || errors.Is(err, ErrDamaged) // which is rewritten
	switch {
	case isNew:
		r.Started = r.Resumed
	case err != nil:
		return Run{}, err
	default:
		r.Started, r.Finished = old.Started, old.Finished
		r.Sidecars = r.Sidecars || old.Sidecars
		retag = retag || r.Corrections != old.Corrections
	}
	if retag || isNew {
		if err := t.registry.forgetDone(r.ID); err != nil {
			return Run{}, err
		}
	}
	// The run is kept before its first tag: no tag is from a run that nobody knows of.
	return r, t.registry.Save(ctx, r)
}

// now is as fine as the clock: two runs may begin within a second, and "last" tells them
// apart by it.
func now() time.Time { return time.Now().UTC() }

func (t *Tagger) tagImages(ctx context.Context, r *Run, c *zeroshot.Classifier, options *Options, out *sinks) (err error) {
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
	o := options.walk(r)
	o.Done, o.AnyOrder = notes.has, true
	o.MostDone = total-int64(len(notes.seen)) < total/mostDone
	p := pass{tagger: t, source: r.Source(), notes: notes, out: out}
	return p.run(ctx, TagImages(ctx, t.store, c, o))
}

// mostDone is the part of the pictures, one in so many, below which the vectors of those
// that are not done are read by themselves.
const mostDone = 8

// tagLabels writes the difference between what a run per label finds now and what it
// has written before.
func (t *Tagger) tagLabels(ctx context.Context, r *Run, c *zeroshot.Classifier, o *Options, out *sinks) error {
	found, err := t.collect(ctx, r, c, o)
	if err != nil {
		return err
	}
	p := pass{tagger: t, source: r.Source(), out: out}
	return p.run(ctx, func(yield func(Result, error) bool) {
		for rec, err := range t.store.Scan(ctx, nil, store.Fields{AnyOrder: true}) {
			if err != nil {
				yield(Result{}, fmt.Errorf("reading the index: %w", err))
				return
			}
			if !yield(Result{Record: rec, Tags: found[rec.ID].Tags}, nil) {
				return
			}
		}
	})
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
func (t *Tagger) collect(ctx context.Context, r *Run, c *zeroshot.Classifier, o *Options) (map[string]Result, error) {
	t.observer.Planned(r.LabelCount)
	found := make(map[string]Result)
	for res, err := range TagLabels(ctx, t.store, c, o.walk(r)) {
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

// Preview hands every picture that a run would tag to show, in id order, and writes
// nothing: neither the index nor an output.
func (t *Tagger) Preview(ctx context.Context, c *zeroshot.Classifier, o Options, show Sink) (Summary, error) {
	r := o.newRun(c)
	n := newCounts(r.Source())
	results, err := t.foresee(ctx, &r, c, &o)
	if err != nil {
		return Summary{}, err
	}
	for res, err := range results {
		if err != nil {
			return Summary{}, errors.Join(err, show.Abandon())
		}
		r.Pictures++
		if len(res.Tags) == 0 {
			n.compare(&res.Record, nil)
			continue
		}
		if err := errors.Join(n.Add(ctx, &res.Record, res.Tags), show.Add(ctx, &res.Record, res.Tags)); err != nil {
			return Summary{}, errors.Join(err, show.Abandon())
		}
	}
	r.Tagged, r.Tags = n.tagged, n.tags
	return Summary{Run: r, Labels: n.labels(), Changes: n.changes, DryRun: true}, show.Finish(ctx, &r)
}

// foresee yields pictures with the tags that they would get, in id order.
func (t *Tagger) foresee(ctx context.Context, r *Run, c *zeroshot.Classifier, o *Options) (iter.Seq2[Result, error], error) {
	if r.Plan.Direction == PerLabel {
		found, err := t.collect(ctx, r, c, o)
		if err != nil {
			return nil, err
		}
		ids := make([]string, 0, len(found))
		for id := range found {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		return func(yield func(Result, error) bool) {
			for _, id := range ids {
				if !yield(found[id], nil) {
					return
				}
			}
		}, nil
	}
	total, err := t.store.Count(ctx, nil)
	if err != nil {
		return nil, err
	}
	t.observer.Planned(int(total))
	return func(yield func(Result, error) bool) {
		for res, err := range TagImages(ctx, t.store, c, o.walk(r)) {
			if !yield(res, err) {
				return
			}
			if err == nil {
				t.observer.Tagged(1)
			}
		}
	}, nil
}

// Lines shows the tags of a preview as lines of JSON.
func Lines(w io.Writer) Sink { return lineSink{bufio.NewWriter(w)} }
