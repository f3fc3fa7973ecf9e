// Package duplicates finds pictures of an index that are the same, or nearly the same, and
// says which of them to keep.
//
// Pictures are the same where their files are, byte by byte. They are nearly the same
// where their embeddings are near and what they show is as well, point by point: the
// embedding alone takes two photos of one scene for the same, and the points alone take
// any two plain pictures. See Nearness.
package duplicates

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/sightline/sightline/internal/store"
)

// Group is pictures that are the same, or nearly.
type Group struct {
	Keep   store.Record
	Why    string // it is the one to keep: "the most pixels"
	Others []Copy // in the order of what one would keep
}

// Copy is a picture that one could do without.
type Copy struct {
	store.Record
	Same     bool    // its file is the same, byte by byte
	Nearness float32 // of what it shows to that of the one to keep, see Nearness; 1 where Same
}

// Identical finds the pictures that meet a filter and whose files are the same. Groups
// come in the order of the paths to keep. The index is read twice; memory grows with the
// number of pictures by some 40 bytes each, and with the duplicates.
func Identical(ctx context.Context, st store.Scanner, f store.Filter) ([]Group, error) {
	// The first bytes of a hash stand for it until it is known that others begin so.
	count := make(map[uint64]uint32)
	err := scan(ctx, st, f, func(r *store.Record) {
		if len(r.ContentHash) >= 8 {
			count[binary.LittleEndian.Uint64(r.ContentHash)]++
		}
	})
	if err != nil {
		return nil, err
	}
	same := make(map[string][]store.Record)
	err = scan(ctx, st, f, func(r *store.Record) {
		if len(r.ContentHash) >= 8 && count[binary.LittleEndian.Uint64(r.ContentHash)] > 1 {
			same[string(r.ContentHash)] = append(same[string(r.ContentHash)], *r)
		}
	})
	if err != nil {
		return nil, err
	}
	var groups []Group
	for _, records := range same {
		if len(records) < 2 {
			continue
		}
		slices.SortFunc(records, func(a, b store.Record) int { return prefer(&a, &b, nil) })
		g := Group{Keep: records[0], Why: why(&records[0], &records[1], nil)}
		for _, r := range records[1:] {
			g.Others = append(g.Others, Copy{Record: r, Same: true, Nearness: 1})
		}
		groups = append(groups, g)
	}
	sortGroups(groups)
	return groups, nil
}

// scan calls f for each record that meets a filter, whether the store can answer it or
// not.
func scan(ctx context.Context, st store.Scanner, f store.Filter, each func(*store.Record)) error {
	wide := store.Widen(f, func(part store.Filter) bool { return store.CanFilter(st, part) })
	whole := store.CanFilter(st, f)
	for r, err := range st.Scan(ctx, wide, store.Fields{AnyOrder: true}) {
		if err != nil {
			return fmt.Errorf("looking for duplicates: %w", err)
		}
		if whole || store.Match(f, &r) {
			each(&r)
		}
	}
	return nil
}

func sortGroups(groups []Group) {
	slices.SortFunc(groups, func(a, b Group) int { return cmp.Compare(a.Keep.Path, b.Keep.Path) })
}

// looks are what is known of pictures by id; it may be nil.
type looks map[string]*Look

// seen are the weightiest reasons: that the file is whole, and then those that are about
// what a picture shows. What is lost in a grey or a still copy, no number of pixels brings back.
var seen = []struct {
	why  string
	rank func(r *store.Record, l *Look) bool
}{
	{"the one whose file is whole", func(r *store.Record, _ *Look) bool { return r.About.Damage == "" }},
	{"the one that moves", func(_ *store.Record, l *Look) bool { return l != nil && l.Moving }},
	{"the one in colour", func(_ *store.Record, l *Look) bool { return l != nil && l.Colour }},
}

// reasons are what makes one picture preferable to another, the weightiest first. The
// function is positive where a is to be kept.
var reasons = []struct {
	why     string
	compare func(a, b *store.Record) int
}{
	{"the most pixels", func(a, b *store.Record) int { return cmp.Compare(a.Width*a.Height, b.Width*b.Height) }},
	{"the largest file", func(a, b *store.Record) int { return cmp.Compare(a.Size, b.Size) }},
	{"tags by a person", func(a, b *store.Record) int { return cmp.Compare(byPerson(a), byPerson(b)) }},
	{"a date of its own", func(a, b *store.Record) int { return cmp.Compare(dated(a), dated(b)) }},
	{"the oldest file", func(a, b *store.Record) int { return b.ModTime.Compare(a.ModTime) }},
	{"the shortest path", func(a, b *store.Record) int { return cmp.Compare(len(b.Path), len(a.Path)) }},
	{"the first by name", func(a, b *store.Record) int { return cmp.Compare(b.Path, a.Path) }},
}

func byPerson(r *store.Record) (n int) {
	for _, t := range r.Tags {
		if t.Source == "user" {
			n++
		}
	}
	return n
}

func dated(r *store.Record) int {
	if r.TakenAt.IsZero() {
		return 0
	}
	return 1
}

// preference is positive where a is to be kept and negative where b is, with the reason.
func preference(a, b *store.Record, known looks) (int, string) {
	for _, r := range seen {
		x, y := r.rank(a, known[a.ID]), r.rank(b, known[b.ID])
		if x != y {
			if x {
				return 1, r.why
			}
			return -1, r.why
		}
	}
	for _, r := range reasons {
		if c := r.compare(a, b); c != 0 {
			return c, r.why
		}
	}
	return 0, ""
}

// prefer orders what is to be kept before what is not.
func prefer(a, b *store.Record, known looks) int {
	c, _ := preference(a, b, known)
	return -c
}

// why is the reason for keeping a and not b.
func why(a, b *store.Record, known looks) string {
	if c, reason := preference(a, b, known); c > 0 {
		return reason
	}
	return ""
}
