package store

import "time"

// Filter is a condition on records: a small typed tree that each store compiles
// into its own language, so that no string of a user's ever becomes part of a
// query text. A nil Filter matches everything.
type Filter interface{ filter() }

// The nodes of a Filter.
type (
	// And matches when all parts match; an empty And matches everything.
	And []Filter
	// Or matches when any part matches; an empty Or matches nothing.
	Or []Filter
	// Not inverts a part.
	Not struct{ Part Filter }
	// Under matches the path itself and everything below it, by whole path elements:
	// Under("/a/b") matches /a/b and /a/b/c.jpg but not /a/bc.jpg.
	Under string
	// Since matches Record.When() at or after the time.
	Since time.Time
	// Until matches Record.When() before the time.
	Until time.Time
	// Dated matches records with a date of their own, TakenAt. A filter by dates asks for
	// it too, or for the opposite and then compares with an instant.
	Dated struct{}
	// HasTag matches records with a tag of this label, whatever its source and case.
	HasTag string
	// FormatIs matches Record.Format.
	FormatIs string
)

func (And) filter()      {}
func (Or) filter()       {}
func (Not) filter()      {}
func (Under) filter()    {}
func (Since) filter()    {}
func (Until) filter()    {}
func (Dated) filter()    {}
func (HasTag) filter()   {}
func (FormatIs) filter() {}
