package zeroshot

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/sightline/sightline/internal/store"
)

// ErrModel says that an index holds the embeddings of another model than the
// classifier's.
var ErrModel = errors.New("the index was built by another model than the labels were embedded with")

// TagOptions says what a tagging run takes and keeps.
type TagOptions struct {
	Top            int          // labels a picture, or pictures a label; at least 1
	MinProbability float32      // for labels without a threshold of their own; 0 keeps all
	Source         string       // goes into the tags: "run:ID"
	Filter         store.Filter // which pictures; nil for all
	// After leaves out pictures up to and with this id. TagImages goes in id order, so
	// that a run which was cut short goes on after the last id that it dealt with.
	After string
	// AnyOrder lets TagImages go in the order that is cheapest for the store; After means
	// nothing then.
	AnyOrder bool
	// Skip leaves out pictures for which it returns true; nil leaves out none.
	Skip func(*store.Record) bool
	// CorrectHubness makes TagLabels choose each label's pictures by probability out of
	// several times as many. Pictures that are near to everything come up for label
	// after label by their cosines; against the bank they do not stand out.
	CorrectHubness bool
	// Progress is told how many pictures (TagImages) or labels (TagLabels) have been
	// dealt with, those that were left out included; nil for nobody.
	Progress func(done int64)
}

// Result is a picture with its new tags, the most probable first. Tags is empty, not
// nil, where no label is probable enough.
type Result struct {
	Record store.Record // Vector is nil; Tags are those from before
	Tags   []store.Tag
}

// LabelResult is a label with its pictures, the most probable first.
type LabelResult struct {
	Label int // place in the list
	Hits  []Hit
}

// Hit is a picture that a label was found on.
type Hit struct {
	Record store.Record // Vector is nil; Tags are those from before
	Tag    store.Tag
}

// check compares the index with the model.
func (c *Classifier) check(ctx context.Context, st store.Store, o TagOptions) error {
	if o.Top < 1 {
		return fmt.Errorf("%d tags were asked for, at least 1 is needed", o.Top)
	}
	d, err := st.Describe(ctx)
	if err != nil {
		return err
	}
	if d.Model.Fingerprint != c.provenance.Model || d.Model.Dim != c.matrix.Cols {
		return fmt.Errorf("%w: %s", ErrModel, d.Model.Label())
	}
	return nil
}

// TagImages yields every picture with its best labels, in id order unless the options
// say otherwise. Memory does not
// depend on the size of the index. An error ends the sequence.
func (c *Classifier) TagImages(ctx context.Context, st store.Store, o TagOptions) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		if err := c.tagImages(ctx, st, o, yield); err != nil {
			yield(Result{}, err)
		}
	}
}

// TagLabels yields every label, in list order, with its best pictures, which the
// store's vector search finds for many labels in one pass. A picture counts for a
// label of an exclusive group only where that label is its best in the group. An
// error ends the sequence.
func (c *Classifier) TagLabels(ctx context.Context, st store.Store, o TagOptions) iter.Seq2[LabelResult, error] {
	return func(yield func(LabelResult, error) bool) {
		if err := c.tagLabels(ctx, st, o, yield); err != nil {
			yield(LabelResult{}, err)
		}
	}
}

func (c *Classifier) tag(s Score, source string) store.Tag {
	return store.Tag{Label: c.list.Labels[s.Label].Name, Source: source, Score: s.Cosine, Probability: s.Probability}
}

// enough says whether a score passes the label's threshold, or the run's.
func (c *Classifier) enough(s Score, minimum float32) bool {
	if t := c.list.Labels[s.Label].Threshold; t > 0 {
		minimum = t
	}
	return s.Probability >= minimum
}
