package index

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/walk"
)

// Skipped is what the walk of a run passed over, so that nothing is left out without
// a word. What was reached twice is not in it: it was read once.
type Skipped struct {
	// Kinds counts files by what they are ("video", "text"), or by why they were not
	// looked at ("hidden", "ignored", "link", "special file", "unreadable").
	Kinds map[string]int64
	// Folders counts folders by the names of those that programs make for themselves
	// ("@eaDir"), or as "hidden", "ignored" or ".nomedia": how many files lie in them is
	// not known.
	Folders map[string]int64
}

// otherKind is the kind of files of which nothing better is known.
const otherKind = "other"

// SkipKind names what was passed over, as Skipped counts it. It is "" for what is not
// told: what is read under another path or with its picture, and ignore files.
func SkipKind(k walk.Skip) string {
	switch {
	case k.Why == walk.Visited || k.Why == walk.Attached || path.Base(k.Path) == walk.IgnoreFile:
		return ""
	case k.Dir && k.Why == walk.Junk:
		return path.Base(k.Path)
	case k.Dir && k.Why == walk.NoMedia:
		return ".nomedia"
	case k.Why == walk.NotPicture && k.Kind != "":
		return k.Kind
	case k.Why == walk.NotPicture:
		return otherKind
	}
	return string(k.Why)
}

func (s *Skipped) add(k walk.Skip) {
	kind := SkipKind(k)
	if kind == "" {
		return
	}
	counts := &s.Kinds
	if k.Dir {
		counts = &s.Folders
	}
	if *counts == nil {
		*counts = make(map[string]int64)
	}
	(*counts)[kind]++
}

// UnreadPictures counts, by their formats, the files among Kinds that are pictures in
// formats which are not read.
func (s Skipped) UnreadPictures() map[string]int64 {
	unread := make(map[string]int64)
	for kind, n := range s.Kinds {
		if imaging.IsUnreadPicture(imaging.Kind(kind)) {
			unread[kind] = n
		}
	}
	return unread
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
