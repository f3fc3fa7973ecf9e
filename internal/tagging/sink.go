package tagging

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/store"
)

// Sink is one output of a run. All sinks of a run are fed in one pass over the index, in
// an order of the store that is the same each time as long as no picture is added or
// removed. Pictures that an earlier command of the same run tagged are among them, so a
// run that was cut short and gone on with gives the output of one that was not.
type Sink interface {
	// Add takes a picture and its tags of the run, the most probable first. Every picture
	// of the index comes, also one without tags. Neither may be changed or kept.
	Add(ctx context.Context, r *store.Record, tags []store.Tag) error
	// Finish is called once, after the last picture, with what the run has come to. A file
	// is in its place when Finish returns nil, and not before.
	Finish(ctx context.Context, r *Run) error
	// Abandon gives up an output that is not finished: what was at its place stays. After
	// Finish it does nothing.
	Abandon() error
}

// sinks feeds several outputs. One that fails is abandoned, and the others go on: a disk
// that is too full for a table keeps no tag out of the index.
type sinks struct {
	open   []Sink
	errors []error
}

// each calls f for the outputs that have not failed.
func (s *sinks) each(f func(Sink) error) {
	s.open = slices.DeleteFunc(s.open, func(one Sink) bool {
		err := f(one)
		if err != nil {
			s.errors = append(s.errors, errors.Join(err, one.Abandon()))
		}
		return err != nil
	})
}

func (s *sinks) add(ctx context.Context, r *store.Record, tags []store.Tag) {
	s.each(func(one Sink) error { return one.Add(ctx, r, tags) })
}

// finish ends all outputs and returns what was wrong with any of them.
func (s *sinks) finish(ctx context.Context, r *Run) error {
	s.each(func(one Sink) error { return one.Finish(ctx, r) })
	s.open = nil
	return errors.Join(s.errors...)
}

// abandon gives up the outputs that are not finished.
func (s *sinks) abandon() error {
	var errs []error
	for _, one := range s.open {
		errs = append(errs, one.Abandon())
	}
	s.open = nil
	return errors.Join(errs...)
}

// counts is the sink that counts.
type counts struct {
	source                 string // of the run
	pictures, tagged, tags int64
	byLabel                map[string]int64
	changes                Changes
}

func newCounts(source string) *counts {
	return &counts{source: source, byLabel: make(map[string]int64), changes: make(Changes)}
}

// Changes says, by label, how many pictures have got it from a run and how many have lost
// it, against the tags of the run that they had before.
type Changes map[string]Change

// Change is how many pictures have got a label, and how many have lost it.
type Change struct{ Added, Removed int64 }

// compare counts what changes on a picture, whose record has the tags from before.
func (c *counts) compare(r *store.Record, tags []store.Tag) {
	before := tagsFrom(r, c.source)
	has := func(list []store.Tag, name string) bool {
		return slices.ContainsFunc(list, func(t store.Tag) bool { return t.Label == name })
	}
	for _, t := range tags {
		if !has(before, t.Label) {
			change := c.changes[t.Label]
			change.Added++
			c.changes[t.Label] = change
		}
	}
	for _, t := range before {
		if !has(tags, t.Label) {
			change := c.changes[t.Label]
			change.Removed++
			c.changes[t.Label] = change
		}
	}
}

// Add implements Sink.
func (c *counts) Add(_ context.Context, r *store.Record, tags []store.Tag) error {
	c.compare(r, tags)
	c.pictures++
	if len(tags) > 0 {
		c.tagged++
	}
	c.tags += int64(len(tags))
	for _, t := range tags {
		c.byLabel[t.Label]++
	}
	return nil
}

// Finish implements Sink.
func (c *counts) Finish(context.Context, *Run) error { return nil }

// Abandon implements Sink.
func (c *counts) Abandon() error { return nil }

// LabelCount is how many pictures got a label.
type LabelCount struct {
	Label    string
	Pictures int64
}

// labels lists the labels that were found, the most frequent first.
func (c *counts) labels() []LabelCount {
	out := make([]LabelCount, 0, len(c.byLabel))
	for name, n := range c.byLabel {
		out = append(out, LabelCount{name, n})
	}
	slices.SortFunc(out, func(a, b LabelCount) int {
		return cmp.Or(cmp.Compare(b.Pictures, a.Pictures), strings.Compare(a.Label, b.Label))
	})
	return out
}
