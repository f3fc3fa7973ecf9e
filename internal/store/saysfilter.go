package store

import (
	"math"
	"path"
	"strings"

	"github.com/sightline/sightline/internal/label"
)

// Filters by a file's name and by what pictures say about themselves. Texts are compared
// whatever their case, as labels are. Not every store can answer them: see CanFilter.
type (
	// NameLike matches the file's name, without its folder, by a glob in which * stands
	// for any characters and ? for one.
	NameLike string
	// CameraHas matches a part of About.Make and About.Model, which a space joins.
	CameraHas string
	// CaptionHas matches a part of About.Title or of About.Caption.
	CaptionHas string
	// RatedAtLeast matches About.Rating, which is 0 for pictures without one.
	RatedAtLeast float64
	// RatedAtMost matches About.Rating, which is 0 for pictures without one.
	RatedAtMost float64
	// Has matches records that have a Thing.
	Has Thing
	// Within matches pictures that were taken in a circle on the Earth.
	Within struct {
		Position
		Radius float64 // metres, along the ground
	}
)

// Thing is what a record can have or not have.
type Thing string

// The things.
const (
	HasGPS     Thing = "gps"
	HasCaption Thing = "caption" // or a title
	HasRating  Thing = "rating"
	HasCamera  Thing = "camera"
	HasTags    Thing = "tag"    // any
	HasDamage  Thing = "damage" // the file is damaged, and its picture was indexed as far as it goes
)

func (NameLike) filter()     {}
func (CameraHas) filter()    {}
func (CaptionHas) filter()   {}
func (RatedAtLeast) filter() {}
func (RatedAtMost) filter()  {}
func (Has) filter()          {}
func (Within) filter()       {}

// Match reports whether the name of the file at a path matches.
func (f NameLike) Match(p string) bool {
	return globMatch([]rune(label.Fold(string(f))), []rune(label.Fold(path.Base(p))))
}

// globMatch takes time proportional to the product of the lengths at most: of several
// stars only the last one is ever tried again.
func globMatch(glob, name []rune) bool {
	g, n := 0, 0
	star, from := -1, 0
	for n < len(name) {
		switch {
		case g < len(glob) && glob[g] == '*':
			star, from = g, n
			g++
		case g < len(glob) && (glob[g] == '?' || glob[g] == name[n]):
			g, n = g+1, n+1
		case star >= 0:
			from++
			g, n = star+1, from
		default:
			return false
		}
	}
	for g < len(glob) && glob[g] == '*' {
		g++
	}
	return g == len(glob)
}

// MatchAbout reports whether what a picture says about itself meets a filter, and false
// for filters about anything else. HasTags is about something else.
func MatchAbout(f Filter, a *About) bool {
	has := func(text, part string) bool { return strings.Contains(label.Fold(text), label.Fold(part)) }
	switch f := f.(type) {
	case CameraHas:
		return has(a.Make+" "+a.Model, string(f))
	case CaptionHas:
		return has(a.Title, string(f)) || has(a.Caption, string(f))
	case RatedAtLeast:
		return float64(a.Rating) >= float64(f)
	case RatedAtMost:
		return float64(a.Rating) <= float64(f)
	case Within:
		return a.Position != Position{} && distance(a.Position, f.Position) <= f.Radius
	case Has:
		switch Thing(f) {
		case HasGPS:
			return a.Position != Position{}
		case HasCaption:
			return a.Title != "" || a.Caption != ""
		case HasRating:
			return a.Rating != 0
		case HasCamera:
			return a.Make != "" || a.Model != ""
		case HasDamage:
			return a.Damage != ""
		}
	}
	return false
}

// earthRadius is the mean one, in metres (IUGG).
const earthRadius = 6371008.8

// distance is that of two places along a sphere, in metres, by the haversine formula.
func distance(a, b Position) float64 {
	const degree = math.Pi / 180
	north := math.Sin((b.Latitude - a.Latitude) * degree / 2)
	east := math.Sin((b.Longitude - a.Longitude) * degree / 2)
	h := north*north + math.Cos(a.Latitude*degree)*math.Cos(b.Latitude*degree)*east*east
	return 2 * earthRadius * math.Asin(math.Sqrt(min(h, 1)))
}

// FilterLimiter is an optional interface of stores that cannot answer every filter.
type FilterLimiter interface {
	// CanFilter reports whether the store can answer a filter.
	CanFilter(f Filter) bool
}

// CanFilter reports whether a store can answer a filter. Of one that cannot, its caller
// can ask for Widen of the filter and look at what comes by with Match.
func CanFilter(st Scanner, f Filter) bool {
	s, ok := st.(Store)
	if !ok {
		return true
	}
	l, ok := As[FilterLimiter](s)
	return !ok || l.CanFilter(f)
}

// Widen returns a filter that matches all that f does, and maybe more, of the parts that
// can says yes to.
func Widen(f Filter, can func(Filter) bool) Filter {
	if can(f) {
		return f
	}
	switch f := f.(type) {
	case And:
		out := make(And, len(f))
		for i, part := range f {
			out[i] = Widen(part, can)
		}
		return out
	case Or:
		out := make(Or, len(f))
		for i, part := range f {
			out[i] = Widen(part, can)
		}
		return out
	}
	return nil // also for what it leaves out: the opposite of more is less
}
