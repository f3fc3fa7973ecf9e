package query

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/query/saved"
	"github.com/sightline/sightline/internal/query/syntax"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/webfetch"
)

const (
	// DefaultSubtraction is the weight of a term that is subtracted without one. On 582
	// photos, where "dog not cat" as text had cats in 13 to 17 per cent of the ten best
	// and plain "dog" in 5.5, subtracting this much left 2.4 to 3.1, with the best average
	// precision of all weights; subtracting all of the other ruins the rest.
	DefaultSubtraction = 0.3
	// DefaultExclusion is the probability of an excluded term from which a picture is left
	// out: 2.1 to 2.3 per cent of cats in the same test.
	DefaultExclusion = 0.3
)

// plan is a question made ready for the store.
type plan struct {
	vector []float32 // unit, of the whole question
	length float64   // of the weighted sum of the terms before it was normalised
	terms  []term
	// subject is the unit sum of the texts that are looked for, which Confidence is judged
	// by; nil where there is none.
	subject []float32
	leave   []string // ids that are no answer
	filter  store.Filter
	line    string // the question as it was understood; "" where it is no Line
}

// term is a term with its embedding.
type term struct {
	syntax.Term
	weight float64   // in the sum; 0 for one that is excluded
	vector []float32 // unit
}

// isText reports whether the term is one whose probability can be calculated.
func (t *term) isText() bool { return t.Kind == syntax.Text || t.Kind == syntax.Phrase }

// excluded reports whether the term takes a picture out, given its cosine and
// probability.
func (t *term) excludes(cosine, probability float32) bool {
	least := t.Least
	if t.Op == syntax.Exclude && least == nil {
		least = &syntax.Threshold{Value: DefaultExclusion, Probability: true}
	}
	if least == nil {
		return false
	}
	value := cosine
	if least.Probability {
		value = probability
	}
	return (float64(value) >= least.Value) == (t.Op == syntax.Exclude)
}

// judged reports whether the term's probability decides about pictures.
func (t *term) judged() bool {
	return t.Least != nil && t.Least.Probability || t.Least == nil && t.Op == syntax.Exclude
}

// newPlan adds up the terms.
func newPlan(terms []term) (*plan, error) {
	p := &plan{terms: terms}
	sum := make([]float64, len(terms[0].vector))
	var texts []float32
	for _, t := range terms {
		for i, x := range t.vector {
			sum[i] += t.weight * float64(x)
		}
		if t.weight > 0 && t.isText() {
			if texts == nil {
				texts = make([]float32, len(t.vector))
			}
			for i, x := range t.vector {
				texts[i] += float32(t.weight) * x
			}
		}
	}
	v := make([]float32, len(sum))
	for i, x := range sum {
		v[i] = float32(x)
		p.length += x * x
	}
	if p.length = math.Sqrt(p.length); p.length < 1e-3 {
		return nil, fmt.Errorf("%w: what is added and what is subtracted cancel each other out", ErrEmpty)
	}
	p.vector = v
	if len(terms) == 1 && terms[0].weight == 1 { // to the bit what it is by itself
		copy(v, terms[0].vector)
		p.length = 1
	} else if err := vec.Normalize(v); err != nil {
		return nil, err
	}
	if texts != nil && vec.Normalize(texts) == nil {
		p.subject = texts
	}
	return p, nil
}

// planTerms embeds the terms of a line. An error carries the column of its term where it
// has one.
func (s *Service) planTerms(ctx context.Context, parsed []syntax.Term) (*plan, error) {
	if err := checkOpposites(parsed); err != nil {
		return nil, err
	}
	terms := make([]term, len(parsed))
	sought := false
	for i, t := range parsed {
		terms[i] = term{Term: t, weight: t.Weight}
		switch {
		case t.Op == syntax.Exclude:
			terms[i].weight = 0
		case t.Op == syntax.Subtract && t.Weight == 0:
			terms[i].weight = -DefaultSubtraction
		case t.Op == syntax.Subtract:
			terms[i].weight = -t.Weight
		case t.Weight == 0:
			terms[i].weight = 1
		}
		sought = sought || terms[i].weight != 0
		if err := terms[i].check(); err != nil {
			return nil, err
		}
		var err error
		if terms[i].vector, err = s.vectorOf(ctx, t); err != nil {
			return nil, &TermError{Column: t.Column, Err: err}
		}
	}
	if !sought {
		return nil, &syntax.Error{
			Column: parsed[0].Column, Message: "there are only things to leave out",
			Advice: "say what to look for as well, for example: beach NOT people",
		}
	}
	return newPlan(terms)
}

// checkOpposites refuses a line that looks for something and takes the same away: what is
// left of "dog - dog" is a fainter dog, and of "dog NOT dog" nothing.
func checkOpposites(parsed []syntax.Term) error {
	type subject struct {
		text  bool
		kind  syntax.Kind
		value string
	}
	of := func(t syntax.Term) subject {
		text := t.Kind == syntax.Text || t.Kind == syntax.Phrase
		if text {
			return subject{text: true, value: label.Fold(strings.Join(strings.Fields(t.Value), " "))}
		}
		return subject{kind: t.Kind, value: t.Value}
	}
	added := make(map[subject]bool)
	for _, t := range parsed {
		if t.Op == syntax.Add {
			added[of(t)] = true
		}
	}
	for _, t := range parsed {
		if t.Op != syntax.Add && t.Least == nil && added[of(t)] {
			return &TermError{Column: t.Column, Err: fmt.Errorf("%w: %q is looked for and taken away", ErrEmpty, shorten(t.Value))}
		}
	}
	return nil
}

// check refuses what cannot be calculated: nothing says how probable it is that a
// picture shows another one.
func (t *term) check() error {
	if t.isText() || !t.judged() {
		return nil
	}
	column, advice := t.Column, "for example: @photo.jpg >=0.8"
	if t.Op == syntax.Exclude {
		advice = "say from which cosine on pictures are too much like it, for example: NOT @photo.jpg >=0.8; or have less of it: - @photo.jpg"
	}
	return &syntax.Error{Column: column, Message: "only words have a probability; pictures and labels are compared by cosine", Advice: advice}
}

// vectorOf embeds what a term stands for.
func (s *Service) vectorOf(ctx context.Context, t syntax.Term) ([]float32, error) {
	switch t.Kind {
	case syntax.Picture:
		return s.pictureVector(ctx, t.Value)
	case syntax.Label:
		if s.saved == nil {
			return nil, fmt.Errorf("%w: %s", saved.ErrUnknown, t.Value)
		}
		labels, err := s.saved(ctx)
		if err != nil {
			return nil, err
		}
		l, err := labels.Load(ctx, t.Value)
		if err != nil {
			return nil, err
		}
		return l.VectorFor(s.store.Model())
	default:
		return s.textVector(ctx, t.Value)
	}
}

// pictureVector takes the embedding of a picture from the index, by id or path, and
// embeds the file where the index has none.
func (s *Service) pictureVector(ctx context.Context, name string) ([]float32, error) {
	if webfetch.Is(name) {
		v, err := s.embedAddress(ctx, name)
		if err != nil {
			return nil, err
		}
		return v.Row(0), nil
	}
	if !s.onlyIndexed {
		name = AtHome(name)
	}
	r, err := s.Find(ctx, name)
	if err == nil {
		return r.Vector, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if s.onlyIndexed {
		return nil, fmt.Errorf("%w: %s is no picture of the index", ErrPicture, name)
	}
	info, missing := os.Stat(name)
	if missing != nil {
		err := fmt.Errorf("%w: %s is neither a picture of the index nor a file", ErrPicture, name)
		if near := NearFiles(name); len(near) > 0 {
			return nil, fault.Advise("did you mean "+spelling.Or(near)+"?", "%w", err)
		}
		return nil, fault.Advise("a picture is named by its path, or by its id, which search --json shows", "%w", err)
	}
	if info.IsDir() {
		return nil, fault.Advise("search --under "+terminal.ShellWord(name)+" looks below it", "%w: %s is a folder", ErrPicture, name)
	}
	v, err := s.EmbedImage(ctx, name)
	if err != nil {
		return nil, err
	}
	return v.Row(0), nil
}
