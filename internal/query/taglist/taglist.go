// Package taglist lists the tags of an index: how many pictures have each, and who gave
// them.
package taglist

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/spelling"
	"github.com/sightline/sightline/internal/store"
)

// Scanner is as much of a store as listing takes.
type Scanner interface {
	Scan(ctx context.Context, f store.Filter, fields store.Fields) iter.Seq2[store.Record, error]
}

// Tag is a label and where its tags come from.
type Tag struct {
	Label    string // as most pictures spell it
	Pictures int64  // that have it, from whatever source
	// Sources counts the pictures by the kind of source: "file", "user" or "run".
	Sources map[string]int64
}

// Collect reads the index once and returns its tags, those of most pictures first.
// Labels that differ by case alone are one tag, as they are to a search. Memory grows
// with the number of tags, not with that of the pictures.
func Collect(ctx context.Context, st Scanner, f store.Filter) ([]Tag, error) {
	type entry struct {
		Tag
		spelled map[string]int64
	}
	found := make(map[string]*entry)
	for r, err := range st.Scan(ctx, f, store.Fields{AnyOrder: true}) {
		if err != nil {
			return nil, fmt.Errorf("listing the tags: %w", err)
		}
		seen := make(map[string]bool, len(r.Tags)) // "fold" and "fold source" of this picture
		for _, t := range r.Tags {
			key := label.Fold(t.Label)
			e := found[key]
			if e == nil {
				e = &entry{Tag: Tag{Sources: make(map[string]int64)}, spelled: make(map[string]int64)}
				found[key] = e
			}
			if !seen[key] {
				seen[key] = true
				e.Pictures++
			}
			source, _, _ := strings.Cut(t.Source, ":")
			if bySource := key + "\x00" + source; !seen[bySource] {
				seen[bySource] = true
				e.Sources[source]++
			}
			e.spelled[t.Label]++
		}
	}
	tags := make([]Tag, 0, len(found))
	for _, e := range found {
		e.Label = mostOf(e.spelled)
		tags = append(tags, e.Tag)
	}
	slices.SortFunc(tags, func(a, b Tag) int {
		return cmp.Or(cmp.Compare(b.Pictures, a.Pictures), strings.Compare(a.Label, b.Label))
	})
	return tags, nil
}

// mostOf is the most frequent spelling, the first in the alphabet among equals.
func mostOf(spelled map[string]int64) string {
	return slices.MinFunc(slices.Collect(maps.Keys(spelled)), func(a, b string) int {
		return cmp.Or(cmp.Compare(spelled[b], spelled[a]), strings.Compare(a, b))
	})
}

// Find returns the tag of a label, whatever its case.
func Find(tags []Tag, name string) (Tag, bool) {
	want := label.Fold(name)
	i := slices.IndexFunc(tags, func(t Tag) bool { return label.Fold(t.Label) == want })
	if i < 0 {
		return Tag{}, false
	}
	return tags[i], true
}

// Near returns the tags that were probably meant by a name that is none, the most
// frequent first.
func Near(tags []Tag, name string) []Tag {
	names := make([]string, len(tags))
	for i, t := range tags {
		names[i] = label.Fold(t.Label)
	}
	var near []Tag
	for _, n := range spelling.Nearest(label.Fold(name), names) {
		if t, ok := Find(tags, n); ok {
			near = append(near, t)
		}
	}
	slices.SortStableFunc(near, func(a, b Tag) int { return cmp.Compare(b.Pictures, a.Pictures) })
	return near
}
