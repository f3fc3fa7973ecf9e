// Package corrections keeps what people say of the labels of pictures: this one is right,
// that one is wrong, and from which probability on a label is given. Tagging runs learn
// from it.
//
// A correction is about a content and not about a path: it holds for every copy of the
// picture, and goes where its file goes. What people say stays true when the model
// changes; a threshold is a number of one model, whose fingerprint stands beside it.
//
// The corrections of a label are one document that belongs to the index (store.Documents),
// replaced as a whole by each change.
package corrections

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrDamaged = errors.New("the corrections of a label cannot be read")
	ErrLabel   = errors.New("the label cannot be corrected")
)

const (
	version = 1
	prefix  = "corrections/"
	// maxCorrections bounds the corrections of a label: far more than anybody makes by hand.
	maxCorrections = 20_000
)

// Verdict is what a person says of a label on a picture.
type Verdict string

// The verdicts.
const (
	Approved Verdict = "approved" // the picture shows it
	Rejected Verdict = "rejected" // it does not
)

// Correction is a verdict about one picture.
type Correction struct {
	Picture string  `json:"picture"`           // id of the record that was looked at
	Content string  `json:"content,omitempty"` // SHA-256 of its file, in hex; "" where it was not known
	Path    string  `json:"path"`              // of it then, for people
	Verdict Verdict `json:"verdict"`
	Model   string  `json:"model"` // fingerprint of the index's model then
	By      string  `json:"by,omitempty"`
	// Asked says that the program asked about the picture, so that the person did not choose
	// it. Versions before December 2026 do not say.
	Asked bool `json:"asked,omitempty"`
	// At is when it was said.
	At time.Time `json:"at"`
}

// Key is what a correction is about: a content, or a picture without a known one.
func (c *Correction) Key() string { return key(c.Picture, c.Content) }

// KeyOf is the key of a record's corrections.
func KeyOf(r *store.Record) string { return key(r.ID, hex.EncodeToString(r.ContentHash)) }

func key(id, content string) string {
	if content != "" {
		return content
	}
	return "id:" + id
}

// Threshold is the least probability for a label that a person has set.
type Threshold struct {
	Probability float32   `json:"probability"` // above 0, at most 1
	Model       string    `json:"model"`       // fingerprint of the model that it is about
	By          string    `json:"by,omitempty"`
	At          time.Time `json:"at"`
}

// Label is all that was said of one label.
type Label struct {
	Name        string       `json:"label"` // as it was first written
	Corrections []Correction `json:"corrections"`
	Threshold   *Threshold   `json:"threshold,omitempty"`
}

// Count is how many pictures were approved and rejected.
func (l *Label) Count() (approved, rejected int) {
	for i := range l.Corrections {
		if l.Corrections[i].Verdict == Approved {
			approved++
		} else {
			rejected++
		}
	}
	return approved, rejected
}

// Find returns the correction of a key, nil where there is none.
func (l *Label) Find(key string) *Correction {
	for i := range l.Corrections {
		if l.Corrections[i].Key() == key {
			return &l.Corrections[i]
		}
	}
	return nil
}

// set adds a correction or replaces the one about the same picture.
func (l *Label) set(c Correction) error {
	if old := l.Find(c.Key()); old != nil {
		*old = c
		return nil
	}
	if len(l.Corrections) == maxCorrections {
		return fmt.Errorf("%w: %q has %d corrections, and no more are kept", ErrLabel, label.Shorten(l.Name), maxCorrections)
	}
	l.Corrections = append(l.Corrections, c)
	return nil
}

// remove takes the correction of a key out, and reports whether there was one.
func (l *Label) remove(key string) bool {
	n := len(l.Corrections)
	l.Corrections = slices.DeleteFunc(l.Corrections, func(c Correction) bool { return c.Key() == key })
	return len(l.Corrections) < n
}

// document is a Label as it is kept.
type document struct {
	Version int `json:"version"`
	Label
}

// Book is the corrections of an index.
type Book struct{ docs store.Documents }

// Open returns the corrections that documents hold.
func Open(docs store.Documents) *Book { return &Book{docs} }

// nameOf is the document of a label, whatever its case: what a label has in it no name of
// a document may.
func nameOf(name string) string {
	sum := sha256.Sum256([]byte(label.Fold(name)))
	return prefix + hex.EncodeToString(sum[:16])
}

// Of returns what was said of a label, which may be nothing.
func (b *Book) Of(ctx context.Context, name string) (*Label, error) {
	l, err := b.load(ctx, nameOf(name))
	if errors.Is(err, store.ErrNotFound) {
		return &Label{Name: name}, nil
	}
	return l, err
}

func (b *Book) load(ctx context.Context, document string) (*Label, error) {
	data, err := b.docs.Document(ctx, document)
	if err != nil {
		return nil, fmt.Errorf("reading corrections: %w", err)
	}
	l, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, document, err)
	}
	return l, nil
}

// parse reads a document.
func parse(data []byte) (*Label, error) {
	var d document
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, err
	}
	if d.Version != version {
		return nil, fmt.Errorf("it is of version %d, this program reads %d", d.Version, version)
	}
	if d.Name == "" || len(d.Corrections) > maxCorrections {
		return nil, fmt.Errorf("it is about %q and has %d corrections", label.Shorten(d.Name), len(d.Corrections))
	}
	seen := make(map[string]bool, len(d.Corrections))
	for i := range d.Corrections {
		c := &d.Corrections[i]
		if c.Verdict != Approved && c.Verdict != Rejected {
			return nil, fmt.Errorf("%q is no verdict", label.Shorten(string(c.Verdict)))
		}
		if c.Picture == "" || seen[c.Key()] {
			return nil, fmt.Errorf("correction %d is about no picture, or about one that another is about", i+1)
		}
		seen[c.Key()] = true
	}
	if t := d.Threshold; t != nil && !(t.Probability > 0 && t.Probability <= 1) {
		return nil, fmt.Errorf("the threshold %v is no probability", t.Probability)
	}
	return &d.Label, nil
}

// save keeps what was said of a label; of nothing no document is kept.
func (b *Book) save(ctx context.Context, l *Label) error {
	name := nameOf(l.Name)
	if len(l.Corrections) == 0 && l.Threshold == nil {
		return b.docs.DeleteDocument(ctx, name)
	}
	data, err := json.Marshal(document{version, *l})
	if err != nil {
		return fmt.Errorf("keeping corrections of %q: %w", label.Shorten(l.Name), err)
	}
	if err := b.docs.PutDocument(ctx, name, data); err != nil {
		return fmt.Errorf("keeping corrections of %q: %w", label.Shorten(l.Name), err)
	}
	return nil
}

// Labels returns all labels of which something was said, in order of their names.
func (b *Book) Labels(ctx context.Context) ([]Label, error) {
	names, err := b.docs.DocumentNames(ctx, prefix)
	if err != nil {
		return nil, fmt.Errorf("listing corrections: %w", err)
	}
	var out []Label
	for _, name := range names {
		l, err := b.load(ctx, name)
		if errors.Is(err, store.ErrNotFound) { // removed since
			continue
		} else if err != nil {
			return nil, err
		}
		out = append(out, *l)
	}
	slices.SortFunc(out, func(a, b Label) int { return strings.Compare(label.Fold(a.Name), label.Fold(b.Name)) })
	return out, nil
}

// change loads the corrections of a label, changes them and keeps them.
func (b *Book) change(ctx context.Context, name string, f func(*Label) error) error {
	if _, err := label.NewList("the label", []label.Label{{Name: name}}); err != nil {
		return fmt.Errorf("%w: %w", ErrLabel, err)
	}
	l, err := b.Of(ctx, name)
	if err != nil {
		return err
	}
	if err := f(l); err != nil {
		return err
	}
	return b.save(ctx, l)
}

// SetThreshold keeps the least probability for a label, or forgets it where t is nil.
func (b *Book) SetThreshold(ctx context.Context, name string, t *Threshold) error {
	if t != nil && !(t.Probability > 0 && t.Probability <= 1) {
		return fmt.Errorf("%w: the threshold %v is not above 0 and at most 1", ErrLabel, t.Probability)
	}
	return b.change(ctx, name, func(l *Label) error {
		l.Threshold = t
		return nil
	})
}
