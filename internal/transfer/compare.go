package transfer

import (
	"bytes"
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// cursor walks a scan step by step.
type cursor struct {
	pull   func() (store.Record, error, bool)
	stop   func()
	record store.Record
	valid  bool
}

func newCursor(scan iter.Seq2[store.Record, error]) *cursor {
	next, stop := iter.Pull2(scan)
	return &cursor{pull: next, stop: stop}
}

// next moves to the next record; valid is false past the last.
func (c *cursor) next() error {
	r, err, ok := c.pull()
	c.record, c.valid = r, ok && err == nil
	if !ok {
		return nil
	}
	return err
}

// timeStep is the difference of times that may come from how finely a store keeps
// them. A file that changed changes by more.
const timeStep = time.Millisecond

func sameTime(a, b time.Time) bool { return a.IsZero() == b.IsZero() && a.Sub(b).Abs() < timeStep }

// sameRecord reports whether two records agree in all but their vectors, which follow
// from the content and the model.
func sameRecord(a, b store.Record) bool {
	return a.ID == b.ID && a.Path == b.Path && a.Root == b.Root && a.Size == b.Size &&
		a.Width == b.Width && a.Height == b.Height && a.Format == b.Format &&
		sameTime(a.ModTime, b.ModTime) && sameTime(a.TakenAt, b.TakenAt) &&
		a.MetadataStamp == b.MetadataStamp && uncut(a.About) == uncut(b.About) &&
		bytes.Equal(a.ContentHash, b.ContentHash) && slices.Equal(sorted(a.Tags), sorted(b.Tags))
}

// uncut leaves out what a store may cut to its limits.
func uncut(a store.About) store.About {
	a.Title, a.Caption = "", ""
	return a
}

// sorted returns tags in an order of their own: stores need not keep one.
func sorted(tags []store.Tag) []store.Tag {
	out := slices.Clone(tags)
	slices.SortFunc(out, func(a, b store.Tag) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Label, b.Label),
			cmp.Compare(a.Score, b.Score), cmp.Compare(a.Probability, b.Probability))
	})
	return out
}

func sameFailure(a, b store.Failure) bool {
	return a.ID == b.ID && a.Path == b.Path && a.Root == b.Root && a.Size == b.Size &&
		a.Reason == b.Reason && sameTime(a.ModTime, b.ModTime)
}
