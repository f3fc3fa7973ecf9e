package query

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sightline/sightline/internal/query/syntax"
	"github.com/sightline/sightline/internal/store"
)

// Line is a question in the language of package syntax.
type Line struct {
	Typed string // what errors point at
	Query *syntax.Query
	// Filter is that of the line, compiled; nil for none.
	Filter store.Filter

	others []Condition // of the filter's parts, those that are neither tags, folders nor dates
}

// ParseLine reads a line, filters included. The error is a *LineError.
func ParseLine(typed string, o FilterOptions) (Line, error) {
	q, err := syntax.Parse(typed)
	if err != nil {
		return Line{}, pointAt(typed, err)
	}
	f, err := o.compile(q.Filter)
	if err != nil {
		return Line{}, pointAt(typed, err)
	}
	l := Line{Typed: typed, Query: q, Filter: f}
	for _, part := range l.parts() {
		c, ok := part.(syntax.Condition)
		if ok && slices.Contains([]syntax.Field{syntax.Tag, syntax.Under, syntax.After, syntax.Before}, c.Field) {
			continue
		}
		f, err := o.compile(part)
		if err != nil {
			return Line{}, pointAt(typed, err)
		}
		l.others = append(l.others, Condition{Typed: part.String(), Filter: f})
	}
	return l, nil
}

// Tags are the tags that every picture of the answer has because the line asks for them.
func (l Line) Tags() []string { return l.values(syntax.Tag) }

// parts are the filters that every picture of the answer must meet.
func (l Line) parts() []syntax.Filter {
	if l.Query == nil {
		return nil
	}
	return syntax.Parts(l.Query.Filter)
}

// values are those of a field that every picture of the answer must meet.
func (l Line) values(field syntax.Field) []string {
	var out []string
	for _, f := range l.parts() {
		if c, ok := f.(syntax.Condition); ok && c.Field == field {
			out = append(out, c.Value)
		}
	}
	return out
}

func (l Line) plan(ctx context.Context, s *Service) (*plan, error) {
	if len(l.Query.Terms) == 0 {
		return nil, ErrEmpty
	}
	p, err := s.planTerms(ctx, l.Query.Terms)
	if err != nil {
		return nil, pointAt(l.Typed, err)
	}
	p.filter, p.line = l.Filter, l.Query.String()
	return p, nil
}

// LineError is a mistake at a place of a line.
type LineError struct {
	Line   string
	Column int // from 1, in characters
	Err    error
}

// Error says what is wrong and where.
func (e *LineError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *LineError) Unwrap() error { return e.Err }

// Place returns the line and the column in it, from 1.
func (e *LineError) Place() (line string, column int) { return e.Line, e.Column }

// TermError is an error about the term that begins at a column.
type TermError struct {
	Column int // from 1, in characters
	Err    error
}

// Error says what is wrong, and where if that is known.
func (e *TermError) Error() string {
	if e.Column == 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("column %d: %s", e.Column, e.Err)
}

// Unwrap returns what is wrong.
func (e *TermError) Unwrap() error { return e.Err }

// pointAt gives an error the line that it is about.
func pointAt(line string, err error) error {
	var bad *syntax.Error
	if errors.As(err, &bad) && bad.Column > 0 {
		return &LineError{line, bad.Column, err}
	}
	var t *TermError
	if errors.As(err, &t) && t.Column > 0 {
		return &LineError{line, t.Column, err}
	}
	return err
}

// both joins two filters, either of which may be nil.
func both(a, b store.Filter) store.Filter {
	parts := slices.DeleteFunc([]store.Filter{a, b}, func(f store.Filter) bool { return f == nil })
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return parts[0]
	}
	return store.And(parts)
}
