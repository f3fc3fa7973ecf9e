package tagging

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/zeroshot"
)

// ErrModel says that an index holds the embeddings of another model than the
// classifier's.
var ErrModel = errors.New("the index was built by another model than the labels were embedded with")

// WalkOptions says what a walk over an index takes and keeps.
type WalkOptions struct {
	Top            int     // labels per picture, or pictures per label; at least 1
	MinProbability float32 // for labels without a threshold of their own; 0 keeps all
	Source         string  // goes into the tags: "run:ID"
	// AnyOrder lets TagImages go in the order that is cheapest for the store, instead of
	// in id order.
	AnyOrder bool
	// Done reports whether a picture is to be left as it is: TagImages yields it with the
	// tags of Source that it has, and does not compare it. nil leaves none.
	Done func(*store.Record) bool
	// MostDone reads the vectors only of the pictures that are not done, which takes the
	// store longer for each of them, and nothing for the others.
	MostDone bool
	// CorrectHubness makes TagLabels choose each label's pictures by probability out of
	// several times as many. Pictures that are near to everything come up for label
	// after label by their cosines; against the background prompts they do not stand out.
	CorrectHubness bool
	// Verdicts overrule what is probable; nil for none.
	Verdicts *Verdicts
}

// Result is a picture with its tags, the most probable first. Tags is empty where no
// label is probable enough.
type Result struct {
	Record store.Record // Vector is nil; Tags are those from before
	Tags   []store.Tag
	Done   bool // WalkOptions.Done said so: Tags are those that it had
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

// TagImages yields every picture of an index with its best labels, in id order unless the
// options say otherwise. Memory does not depend on the size of the index. An error ends
// the sequence.
func TagImages(ctx context.Context, st store.Store, c *zeroshot.Classifier, o WalkOptions) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		w := walk{st, c, o}
		if err := w.images(ctx, yield); err != nil {
			yield(Result{}, err)
		}
	}
}

// TagLabels yields every label, in list order, with its best pictures, which the
// store's vector search finds for many labels in one pass. A picture counts for a
// label of an exclusive group only where that label is its best in the group. An
// error ends the sequence.
func TagLabels(ctx context.Context, st store.Store, c *zeroshot.Classifier, o WalkOptions) iter.Seq2[LabelResult, error] {
	return func(yield func(LabelResult, error) bool) {
		w := walk{st, c, o}
		if err := w.labels(ctx, yield); err != nil {
			yield(LabelResult{}, err)
		}
	}
}

// walk is one way through an index with a classifier.
type walk struct {
	store      store.Store
	classifier *zeroshot.Classifier
	WalkOptions
}

// check compares the index with the model.
func (w *walk) check(ctx context.Context) error {
	if w.Top < 1 {
		return fmt.Errorf("%d tags were asked for, at least 1 is needed", w.Top)
	}
	d, err := w.store.Describe(ctx)
	if err != nil {
		return err
	}
	if d.Model.Fingerprint != w.classifier.Provenance().Model || d.Model.Dim != w.classifier.Labels().Cols {
		return fmt.Errorf("%w: %s", ErrModel, d.Model.Label())
	}
	return nil
}

func (w *walk) list() []label.Label { return w.classifier.List().Labels }

// tag is a score as it is stored.
func (w *walk) tag(s zeroshot.Score) store.Tag {
	return store.Tag{Label: w.list()[s.Label].Name, Source: w.Source, Score: s.Cosine, Probability: s.Probability}
}
