package corrections

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
)

// UserSource is the source of the tags that people give.
const UserSource = "user"

// maxPath bounds the path that is kept with a correction, in bytes. It is for people alone.
const maxPath = 1000

// Index is what of a store corrections are applied to.
type Index interface {
	Scanner
	SetTags(ctx context.Context, source string, tags map[string][]store.Tag) error
	Model() store.Model
}

// Desk is where people correct the labels of an index: what they say is kept, and the tags
// of the picture and its copies are changed at once.
type Desk struct {
	*Book
	index Index
	by    string
	asked bool
	now   func() time.Time
}

// NewDesk returns a Desk for one person, who may have no name. The index must be open for
// writing.
func NewDesk(b *Book, index Index, by string, now func() time.Time) *Desk {
	return &Desk{Book: b, index: index, by: by, now: now}
}

// Asking returns a Desk for answers to questions of the program: see Correction.Asked.
func (d *Desk) Asking() *Desk {
	out := *d
	out.asked = true
	return &out
}

// Outcome is what a verdict came to.
type Outcome struct {
	Before Verdict // what was said before; "" for nothing
	// Pictures is how many pictures of the index have the content, the one itself among them.
	Pictures int
	// InFile says that the file itself, or its sidecar, has the label that was rejected as
	// a keyword: it stays there, and so in the index.
	InFile bool
}

// Say keeps a verdict about a label on a picture. An approved picture gets the label as a
// tag of the source UserSource; a rejected one loses it, whichever run or person gave it.
// "" takes back what was said before, and with it the tag that approving gave.
func (d *Desk) Say(ctx context.Context, name string, picture *store.Record, v Verdict) (Outcome, error) {
	var out Outcome
	err := d.change(ctx, name, func(l *Label) error {
		name = l.Name // one spelling for all pictures
		if old := l.Find(KeyOf(picture)); old != nil {
			out.Before = old.Verdict
		}
		switch v {
		case "":
			l.remove(KeyOf(picture))
			return nil
		case Approved, Rejected:
			return l.set(Correction{
				Picture: picture.ID, Content: hex.EncodeToString(picture.ContentHash), Path: cut(picture.Path), Verdict: v,
				Model: d.index.Model().Fingerprint, By: d.by, Asked: d.asked, At: d.now().UTC().Truncate(time.Second),
			})
		}
		return fmt.Errorf("%w: %q is no verdict", ErrLabel, v)
	})
	if err != nil {
		return out, err
	}
	copies, err := d.copies(ctx, picture)
	if err != nil {
		return out, err
	}
	out.Pictures = len(copies)
	for i := range copies {
		inFile, err := d.retag(ctx, name, &copies[i], v)
		if err != nil {
			return out, err
		}
		out.InFile = out.InFile || inFile
	}
	return out, nil
}

// Now is the time by the clock of the desk.
func (d *Desk) Now() time.Time { return d.now() }

// Limit keeps the least probability for a label, as a number of the index's model.
func (d *Desk) Limit(ctx context.Context, name string, probability float32) error {
	return d.SetThreshold(ctx, name, &Threshold{
		Probability: probability, Model: d.index.Model().Fingerprint, By: d.by, At: d.now().UTC().Truncate(time.Second),
	})
}

// cut shortens a path, and makes it one that JSON can hold.
func cut(path string) string {
	return strings.ToValidUTF8(path[:min(len(path), maxPath)], "\ufffd")
}

// mostCopies bounds how many copies of a picture are looked for. Pictures have no more, but
// blank scans do.
const mostCopies = 1000

// Scanner is what of a store Pictures reads.
type Scanner interface {
	FindContent(ctx context.Context, hash []byte, limit int) ([]store.Record, error)
	Get(ctx context.Context, ids []string) ([]store.Record, error)
}

// Pictures returns the records that a correction is about: those of its content, wherever
// they are now, or the picture itself where its content was not known.
func Pictures(ctx context.Context, st Scanner, c *Correction) ([]store.Record, error) {
	hash, err := hex.DecodeString(c.Content)
	if err != nil {
		return nil, nil // nobody's content
	}
	if len(hash) > 0 {
		return st.FindContent(ctx, hash, mostCopies)
	}
	found, err := st.Get(ctx, []string{c.Picture})
	if err != nil || len(found) == 0 || len(found[0].ContentHash) > 0 { // it has another content than it had
		return nil, err
	}
	return found, nil
}

func (d *Desk) copies(ctx context.Context, picture *store.Record) ([]store.Record, error) {
	found, err := Pictures(ctx, d.index, &Correction{Picture: picture.ID, Content: hex.EncodeToString(picture.ContentHash)})
	if err != nil {
		return nil, fmt.Errorf("looking for copies: %w", err)
	}
	return found, nil
}

// retag changes the tags of one picture. inFile reports that the file has the label.
func (d *Desk) retag(ctx context.Context, name string, r *store.Record, v Verdict) (inFile bool, err error) {
	folded := label.Fold(name)
	sources := make(map[string][]store.Tag) // with what is to stay
	touched := make(map[string]bool)
	for _, t := range r.Tags {
		same := label.Fold(t.Label) == folded
		switch {
		case !same:
			sources[t.Source] = append(sources[t.Source], t)
		case t.Source == "file":
			inFile = v == Rejected
		case t.Source == UserSource || v == Rejected:
			touched[t.Source] = true
		}
	}
	if v == Approved {
		touched[UserSource] = true
		sources[UserSource] = append(sources[UserSource], store.Tag{Label: name, Source: UserSource})
	}
	for source := range touched {
		if err := d.index.SetTags(ctx, source, map[string][]store.Tag{r.ID: sources[source]}); err != nil {
			return inFile, fmt.Errorf("changing the tags of %s: %w", label.Shorten(cut(r.Path)), err)
		}
	}
	return inFile, nil
}
