package query

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/sightline/sightline/internal/query/saved"
	"github.com/sightline/sightline/internal/query/syntax"
)

// SaveLabel makes a label of pictures, by id, by path in the index or by file, and keeps
// it. The error is saved.ErrName or saved.ErrExists where it cannot have that name.
func (s *Service) SaveLabel(ctx context.Context, name string, e Examples, replace saved.Replace, now time.Time) (*saved.Label, error) {
	labels, err := s.savedLabels(ctx)
	if err != nil {
		return nil, err
	}
	terms, err := e.terms(func(name string) ([]float32, error) { return s.pictureVector(ctx, name) })
	if err != nil {
		return nil, err
	}
	p, err := newPlan(terms)
	if err != nil {
		return nil, err
	}
	l := saved.Label{
		Name: name, Vector: p.vector, Model: s.store.Model(), Created: now,
		Like: s.pathsOf(ctx, e.Like), Unlike: s.pathsOf(ctx, e.Unlike),
	}
	return &l, labels.Save(ctx, l, replace)
}

// savedLabels are the labels that were saved beside the index.
func (s *Service) savedLabels(ctx context.Context) (*saved.Labels, error) {
	if s.saved == nil {
		return nil, errors.New("there is no place to keep labels in")
	}
	return s.saved(ctx)
}

// pathsOf are pictures by their absolute paths, as people know them from anywhere.
func (s *Service) pathsOf(ctx context.Context, pictures []string) []string {
	var out []string
	for _, name := range pictures {
		if r, err := s.Find(ctx, name); err == nil {
			name = r.Path
		} else if abs, err := filepath.Abs(AtHome(name)); err == nil {
			name = filepath.ToSlash(abs)
		}
		out = append(out, name)
	}
	return out
}

// terms makes terms of the examples, following Rocchio (1971): the mean of the ones, less
// a part of the mean of the others. The part is that of a term that is subtracted.
func (e Examples) terms(vectorOf func(name string) ([]float32, error)) ([]term, error) {
	if len(e.Like) == 0 {
		return nil, fmt.Errorf("%w: no picture is named that the answer should be like", ErrNoSubject)
	}
	var terms []term
	add := func(names []string, op syntax.Op, weight float64) error {
		for _, name := range names {
			v, err := vectorOf(name)
			if err != nil {
				return err
			}
			t := term{Term: syntax.Term{Op: op, Kind: syntax.Picture, Value: name}, vector: v, weight: weight / float64(len(names))}
			terms = append(terms, t)
		}
		return nil
	}
	if err := add(e.Like, syntax.Add, 1); err != nil {
		return nil, err
	}
	return terms, add(e.Unlike, syntax.Subtract, -DefaultSubtraction)
}
