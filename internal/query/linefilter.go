package query

import (
	"errors"

	"github.com/sightline/sightline/internal/query/syntax"
	"github.com/sightline/sightline/internal/store"
)

// FilterOptions say how the filters of a line are read.
type FilterOptions struct {
	FileDates bool // see Filters.FileDates
	// Cluster makes a filter of the id of a cluster of the index; nil where there are none.
	Cluster func(id string) (store.Filter, error)
}

// conditionError is a condition that cannot be used, and why.
type conditionError struct {
	place *syntax.Error
	cause error
}

// Error says what is wrong and where.
func (e *conditionError) Error() string { return e.place.Error() }

// Unwrap returns the mistake of the line, and its cause.
func (e *conditionError) Unwrap() []error { return []error{e.place, e.cause} }

// compile turns the filters of a line into those of stores. nil stays nil. The error has a
// *syntax.Error at the condition that cannot be used.
func (o FilterOptions) compile(f syntax.Filter) (store.Filter, error) {
	switch f := f.(type) {
	case nil:
		return nil, nil
	case syntax.And:
		if err := checkRange(f); err != nil {
			return nil, err
		}
		parts, err := o.compileAll(f)
		return store.And(parts), err
	case syntax.Or:
		parts, err := o.compileAll(f)
		return store.Or(parts), err
	case syntax.Not:
		part, err := o.compile(f.Part)
		return store.Not{Part: part}, err
	case syntax.Condition:
		c, err := o.condition(f)
		if err != nil {
			return nil, &conditionError{&syntax.Error{Column: f.Column, Message: err.Error()}, err}
		}
		return c, nil
	}
	return nil, &syntax.Error{Column: 1, Message: "a filter of an unknown kind"}
}

func (o FilterOptions) compileAll(filters []syntax.Filter) ([]store.Filter, error) {
	parts := make([]store.Filter, len(filters))
	for i, f := range filters {
		var err error
		if parts[i], err = o.compile(f); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// checkRange refuses conditions of which one asks for dates after those of another.
func checkRange(all syntax.And) error {
	for _, f := range all {
		after, ok := f.(syntax.Condition)
		if !ok || after.Field != syntax.After {
			continue
		}
		for _, f := range all {
			before, ok := f.(syntax.Condition)
			if !ok || before.Field != syntax.Before {
				continue
			}
			if _, err := (Filters{After: after.Value, Before: before.Value}).Compile(); err != nil {
				return &conditionError{&syntax.Error{Column: max(after.Column, before.Column), Message: err.Error()}, err}
			}
		}
	}
	return nil
}

// condition compiles one condition: as the flag of that name, where there is one.
func (o FilterOptions) condition(c syntax.Condition) (store.Filter, error) {
	flags := Filters{FileDates: o.FileDates}
	if c.Field == syntax.Cluster {
		if o.Cluster == nil {
			return nil, errors.New("clusters can only be asked for where an index is searched")
		}
		return o.Cluster(c.Value)
	}
	switch c.Field {
	case syntax.Under:
		flags.Under = []string{c.Value}
	case syntax.Tag:
		flags.Tags = []string{c.Value}
	case syntax.Format:
		flags.Formats = []string{c.Value}
	case syntax.After:
		flags.After = c.Value
	case syntax.Before:
		flags.Before = c.Value
	default:
		return columnFilter(c)
	}
	return flags.Compile()
}
