package store

import (
	"math"
	"slices"
	"time"
)

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
	// SideAtLeast matches records whose side has so many pixels or more.
	SideAtLeast struct {
		Side   Side
		Pixels float64
	}
	// SideAtMost matches records whose side has so many pixels or fewer.
	SideAtMost struct {
		Side   Side
		Pixels float64
	}
)

// WithID matches the records of some ids, as NewWithID makes it: sorted, each once.
type WithID []string

// NewWithID returns the filter that matches some ids. It may keep ids, and sorts them.
func NewWithID(ids []string) WithID {
	slices.Sort(ids)
	return WithID(slices.Compact(ids))
}

// Has reports whether an id is one of them.
func (f WithID) Has(id string) bool {
	_, found := slices.BinarySearch(f, id)
	return found
}

// WithContent matches the records of a file content, by Record.ContentHash. An empty hash is
// nobody's.
type WithContent []byte

// Mentions reports whether a node of a filter meets a condition.
func Mentions(f Filter, condition func(Filter) bool) bool {
	any := func(parts []Filter) bool {
		return slices.ContainsFunc(parts, func(p Filter) bool { return Mentions(p, condition) })
	}
	switch f := f.(type) {
	case And:
		return any(f)
	case Or:
		return any(f)
	case Not:
		return Mentions(f.Part, condition)
	}
	return condition(f)
}

// Side is a side of a picture.
type Side int

// The sides, as looked at.
const (
	Width Side = iota
	Height
)

// Of is the length of the side, in pixels.
func (s Side) Of(r *Record) int {
	if s == Height {
		return r.Height
	}
	return r.Width
}

// Least is the least whole number of pixels that the filter matches.
func (f SideAtLeast) Least() int64 { return wholePixels(math.Ceil(f.Pixels)) }

// Most is the greatest whole number of pixels that the filter matches.
func (f SideAtMost) Most() int64 { return wholePixels(math.Floor(f.Pixels)) }

// wholePixels bounds a number by what no picture reaches. What is no number is above all.
func wholePixels(x float64) int64 {
	const bound = 1 << 40
	if !(x < bound) {
		return bound
	}
	return int64(max(x, -bound))
}

func (And) filter()      {}
func (Or) filter()       {}
func (Not) filter()      {}
func (Under) filter()    {}
func (Since) filter()    {}
func (Until) filter()    {}
func (Dated) filter()    {}
func (HasTag) filter()   {}
func (FormatIs) filter() {}

func (SideAtLeast) filter() {}
func (SideAtMost) filter()  {}
func (WithID) filter()      {}
func (WithContent) filter() {}
