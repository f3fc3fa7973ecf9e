// Package label is what pictures are labelled with: lists of labels, how they are read
// from text, CSV and YAML, when two names count as one, and what is wrong with a list.
//
// It knows names alone. Package zeroshot makes prompts and scores of a list.
package label

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// ErrInvalid says that a label list cannot be used; the message says why and where.
var ErrInvalid = errors.New("label list is not usable")

// ErrTag says that something cannot be a tag; the message says why.
var ErrTag = errors.New("this cannot be a tag")

// Fold returns the form in which labels are compared: Unicode case folding between two
// compositions, so that neither case nor the decomposed spelling that macOS writes
// tells two labels apart. What folding takes apart is composed again.
func Fold(name string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(name)))
}

// Bounds of a label list. They are far above what anybody writes by hand and keep a
// file that was not meant as a label list from taking the machine's memory.
const (
	MaxLabels    = 1_000_000
	MaxNameRunes = 200      // of a name, an alias, a parent or a group
	MaxPrompt    = 2000     // bytes of a prompt: many times what a model reads
	MaxPrompts   = 256      // prompts and aliases of one label
	MaxListBytes = 64 << 20 // of a file
)

// Label is one thing to look for.
type Label struct {
	Name    string   // as it is shown and stored, case kept
	Aliases []string // other words for the same thing, put into the templates as Name is
	// Prompts replaces the templates for this label. One that holds {} is itself a
	// template, for the name and each alias; any other is a whole text.
	Prompts []string
	// Parent is the name of the next wider label or heading, "" for none. It orders
	// labels for people and need not be in the list.
	Parent string
	// Group names a set of labels that exclude one another: a picture gets at most
	// one of them. "" leaves the label open, to be judged by itself.
	Group string
	// Threshold is the least probability for this label, 0 < Threshold <= 1; 0 leaves
	// it to the run.
	Threshold float32
}

// List is a checked label list, in the order of its source.
type List struct {
	Source string // where it comes from, for messages: a file's name, or Given
	Labels []Label
}

// NewList checks labels and makes a list of them. Names that are equal up to case and
// composition are an error, as is anything past the bounds above.
func NewList(source string, labels []Label) (*List, error) {
	l := &List{Source: source, Labels: labels}
	if len(labels) == 0 {
		return nil, l.errorf("it holds no labels")
	}
	if len(labels) > MaxLabels {
		return nil, l.errorf("it holds more than %d labels", MaxLabels)
	}
	seen := make(map[string]int, len(labels))
	for i := range labels {
		if err := labels[i].check(); err != nil {
			return nil, l.errorf("label %d: %w", i+1, err)
		}
		key := Fold(labels[i].Name)
		if first, ok := seen[key]; ok {
			return nil, l.errorf("label %d, %q, is the same as label %d, %q", i+1, labels[i].Name, first+1, labels[first].Name)
		}
		seen[key] = i
	}
	if err := l.checkParents(seen); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *List) errorf(format string, args ...any) error {
	source := l.Source
	if source == "" {
		source = "the list"
	}
	return fmt.Errorf("%w: %s: %w", ErrInvalid, source, fmt.Errorf(format, args...))
}

func (l *Label) check() error {
	if err := checkName(l.Name, "name"); err != nil {
		return err
	}
	for _, a := range l.Aliases {
		if err := checkName(a, "alias"); err != nil {
			return fmt.Errorf("%q: %w", l.Name, err)
		}
	}
	for _, p := range l.Prompts {
		if err := CheckText(p, "prompt", MaxPrompt); err != nil {
			return fmt.Errorf("%q: %w", l.Name, err)
		}
	}
	for what, name := range map[string]string{"parent": l.Parent, "group": l.Group} {
		if name == "" {
			continue
		}
		if err := checkName(name, what); err != nil {
			return fmt.Errorf("%q: %w", l.Name, err)
		}
	}
	if n := len(l.Aliases) + len(l.Prompts); n > MaxPrompts {
		return fmt.Errorf("%q has %d aliases and prompts, at most %d are allowed", l.Name, n, MaxPrompts)
	}
	if !(l.Threshold >= 0 && l.Threshold <= 1) {
		return fmt.Errorf("%q: the threshold %v is not a probability, which lies between 0 and 1", l.Name, l.Threshold)
	}
	return nil
}

// checkParents refuses labels that are their own ancestors. seen maps folded names
// to places.
func (l *List) checkParents(seen map[string]int) error {
	const unknown, under, fine = 0, 1, 2
	state := make([]byte, len(l.Labels))
	for start := range l.Labels {
		var path []int
		for i, ok := start, true; ok && state[i] != fine; {
			if state[i] == under {
				return l.errorf("%q is among its own parents", l.Labels[i].Name)
			}
			state[i] = under
			path = append(path, i)
			parent := l.Labels[i].Parent
			if parent == "" {
				break
			}
			i, ok = seen[Fold(parent)]
		}
		for _, i := range path {
			state[i] = fine
		}
	}
	return nil
}

// Ancestors returns, for each label, its parents from the widest to the nearest, as
// they are named in the list where they are in it.
func (l *List) Ancestors() [][]string {
	at := make(map[string]int, len(l.Labels))
	for i := range l.Labels {
		at[Fold(l.Labels[i].Name)] = i
	}
	out := make([][]string, len(l.Labels))
	for i := range l.Labels {
		var up []string
		for parent := l.Labels[i].Parent; parent != ""; {
			j, ok := at[Fold(parent)]
			if !ok {
				up = append(up, parent)
				break
			}
			up = append(up, l.Labels[j].Name)
			parent = l.Labels[j].Parent
		}
		slices.Reverse(up)
		out[i] = up
	}
	return out
}

// Names returns the names of the labels, in order.
func (l *List) Names() []string {
	out := make([]string, len(l.Labels))
	for i := range l.Labels {
		out[i] = l.Labels[i].Name
	}
	return out
}

// Exclusive puts every label into one group, so that a picture gets at most one.
func (l *List) Exclusive() *List {
	out := &List{Source: l.Source, Labels: make([]Label, len(l.Labels))}
	copy(out.Labels, l.Labels)
	for i := range out.Labels {
		out.Labels[i].Group = "all"
	}
	return out
}

// Fingerprint names the content of the list: 64 hex digits that are equal for two
// lists exactly when they are equal label for label, wherever they come from.
func (l *List) Fingerprint() string {
	h := sha256.New()
	field := func(s string) { fmt.Fprintf(h, "%d:%s", len(s), s) }
	field("sightline labels 1")
	for i := range l.Labels {
		b := &l.Labels[i]
		field(b.Name)
		for _, list := range [][]string{b.Aliases, b.Prompts} {
			field(strconv.Itoa(len(list)))
			for _, s := range list {
				field(s)
			}
		}
		field(b.Parent)
		field(b.Group)
		field(strconv.FormatFloat(float64(b.Threshold), 'g', -1, 32))
	}
	return hex.EncodeToString(h.Sum(nil))
}
