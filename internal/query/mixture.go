package query

import (
	"context"
	"errors"
	"math"

	"github.com/sightline/sightline/internal/query/syntax"
)

// Sample is an embedded picture that need not be in the index, with its part in a sum.
type Sample struct {
	Name   string    // for explanations
	Vector []float32 // unit
	Weight float64   // negative to be unlike it; not 0
}

// Mixture is a question of a line, pictures of the index and other pictures together. The
// line's terms come first. Pictures of the index are left out of the answer.
type Mixture struct {
	Line Line // may have filters alone, or nothing
	Examples
	Samples []Sample
}

// ErrNoSubject says that a question names nothing to look for.
var ErrNoSubject = errors.New("there is nothing to look for: neither words nor pictures")

func (m Mixture) plan(ctx context.Context, s *Service) (*plan, error) {
	var terms []term
	if m.Line.Query != nil && len(m.Line.Query.Terms) > 0 {
		p, err := m.Line.plan(ctx, s)
		if err != nil {
			return nil, err
		}
		terms = p.terms
	}
	var found []string
	vectorOf := func(name string) ([]float32, error) {
		r, err := s.Find(ctx, name)
		found = append(found, r.ID)
		return r.Vector, err
	}
	if len(m.Like) > 0 {
		more, err := m.Examples.terms(vectorOf)
		if err != nil {
			return nil, err
		}
		terms = append(terms, more...)
	} else {
		for _, name := range m.Unlike {
			v, err := vectorOf(name)
			if err != nil {
				return nil, err
			}
			t := syntax.Term{Op: syntax.Subtract, Kind: syntax.Picture, Value: name}
			terms = append(terms, term{Term: t, vector: v, weight: -DefaultSubtraction / float64(len(m.Unlike))})
		}
	}
	for _, p := range m.Samples {
		t := syntax.Term{Kind: syntax.Picture, Value: p.Name}
		if p.Weight < 0 {
			t.Op = syntax.Subtract
		}
		if p.Weight == 0 || math.IsNaN(p.Weight) || math.IsInf(p.Weight, 0) {
			return nil, &syntax.Error{Message: "the weight of a picture is a number that is not 0", Column: 1}
		}
		terms = append(terms, term{Term: t, vector: p.Vector, weight: p.Weight})
	}
	sought := false
	for _, t := range terms {
		sought = sought || t.weight > 0
	}
	if !sought {
		return nil, ErrNoSubject
	}
	p, err := newPlan(terms)
	if err != nil {
		return nil, err
	}
	p.leave, p.filter = found, m.Line.Filter
	if m.Line.Query != nil {
		p.line = m.Line.Query.String()
	}
	return p, nil
}
