package index

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/walk"
)

// Skipped is what the walk of a run passed over, so that nothing is left out without
// a word. What was reached twice is not in it: it was read once.
type Skipped struct {
	// Kinds counts files by what they are ("video", "text"), or by why they were not
	// looked at ("hidden", "ignored", "link", "special file", "unreadable").
	Kinds map[string]int64
	// Folders counts folders by their names, or as "hidden" or "ignored": how many
	// files lie in them is not known.
	Folders map[string]int64
}

// otherKind is the kind of files of which nothing better is known.
const otherKind = "other"

func (s *Skipped) add(k walk.Skip) {
	if k.Why == walk.Visited {
		return
	}
	counts, kind := &s.Kinds, string(k.Why)
	switch {
	case k.Dir:
		counts = &s.Folders
		if k.Why == walk.Junk || k.Why == walk.NoMedia {
			kind = path.Base(k.Path)
		}
	case k.Why == walk.NotPicture:
		if kind = k.Kind; kind == "" {
			kind = otherKind
		}
	}
	if *counts == nil {
		*counts = make(map[string]int64)
	}
	(*counts)[kind]++
}

// Files is the number of files that were passed over.
func (s Skipped) Files() int64 { return sum(s.Kinds) }

// FolderCount is the number of folders that were passed over.
func (s Skipped) FolderCount() int64 { return sum(s.Folders) }

func sum(counts map[string]int64) int64 {
	var n int64
	for _, c := range counts {
		n += c
	}
	return n
}

// ByCount lists the names of counts, the largest count first, "other" last.
func ByCount(counts map[string]int64) []string {
	last := func(name string) int {
		if name == otherKind {
			return 1
		}
		return 0
	}
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(last(a), last(b)), cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
}
