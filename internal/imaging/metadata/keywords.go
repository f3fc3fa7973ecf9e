package metadata

import (
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxListed is how many keywords of one kind are looked at at all.
const maxListed = 4 * MaxKeywords

// keyword adds to one of the lists.
func (c *collector) keyword(list *[]string, k string) {
	if len(*list) >= maxListed {
		c.skipped++
		return
	}
	*list = append(*list, k)
}

// keywords makes the list of a picture out of what was collected, in linear time.
func (c *collector) keywords() []string {
	set := keywordSet{seen: make(map[string]bool), skipped: c.skipped}
	ours := c.ownLabels()
	for _, k := range slices.Concat(c.iptc, c.subjects) {
		if !ours.holdWord(k) {
			set.add(k)
		}
	}
	for _, h := range c.hierarchies {
		if levels := levelsOf(h); !ours.holdPath(levels) {
			set.addPath(levels)
		}
	}
	for _, k := range c.xp {
		if !ours.holdWord(k) {
			set.add(k)
		}
	}
	if set.skipped > 0 {
		c.warn("%d of the keywords were left out, beyond %d or %d bytes of them", set.skipped, MaxKeywords, MaxKeywordsBytes)
	}
	if set.long > 0 {
		words := "keywords"
		if set.long == 1 {
			words = "keyword"
		}
		c.warn("%d %s longer than %d bytes left out", set.long, words, MaxKeywordBytes)
	}
	return set.list
}

// keywordSet is a list without repeats.
type keywordSet struct {
	list          []string
	seen          map[string]bool // folded
	bytes         int             // of the list
	skipped, long int
}

// ownLabels are the labels that this program wrote beside the picture's own keywords, folded:
// see nsSightline. Each list is about its own kind alone. A label that a person had given as
// a word already is the run's as a path only, and so the person's it stays.
type ownLabels struct{ subjects, paths map[string]bool }

func (c *collector) ownLabels() ownLabels {
	o := ownLabels{make(map[string]bool), make(map[string]bool)}
	for _, k := range c.ourSubjects {
		o.subjects[fold(strings.TrimSpace(k))] = true
	}
	for _, h := range c.ourHierarchies {
		o.paths[foldPath(levelsOf(h))] = true
	}
	return o
}

// holdWord reports whether a word is one that this program wrote.
func (o ownLabels) holdWord(k string) bool {
	return len(o.subjects) > 0 && o.subjects[fold(strings.TrimSpace(k))]
}

// holdPath reports whether a hierarchy is one that this program wrote. One of a single
// level is a word too: programs copy words into their hierarchies.
func (o ownLabels) holdPath(levels []string) bool {
	return len(o.paths) > 0 && o.paths[foldPath(levels)] || len(levels) == 1 && o.holdWord(levels[0])
}

func foldPath(levels []string) string { return fold(strings.Join(levels, "|")) }

// levelsOf returns the levels of a hierarchy, the topmost first, and no more than are looked
// at.
func levelsOf(path string) []string {
	var levels []string
	for level := range strings.SplitSeq(path, "|") {
		if level = strings.TrimSpace(level); level != "" {
			levels = append(levels, level)
		}
		if len(levels) > maxXMPDepth {
			break
		}
	}
	return levels
}

// addPath adds each level of a hierarchy, and the whole of it with bars.
func (s *keywordSet) addPath(levels []string) {
	for _, level := range levels {
		s.add(level)
	}
	if len(levels) > 1 && len(levels) <= maxXMPDepth {
		s.add(strings.Join(levels, "|"))
	}
}

func (s *keywordSet) add(k string) {
	if len(s.list) >= MaxKeywords {
		s.skipped++
		return
	}
	k, cut := tidy(k, MaxKeywordBytes)
	if cut {
		s.long++
		return
	}
	k = strings.Join(strings.FieldsFunc(k, func(r rune) bool { return r == '\n' || r == '\t' }), " ")
	folded := fold(k)
	if k == "" || s.seen[folded] {
		return
	}
	if s.bytes+len(k) > MaxKeywordsBytes {
		s.skipped++
		return
	}
	s.seen[folded] = true
	s.list = append(s.list, k)
	s.bytes += len(k)
}

// fold is the form in which keywords are compared, that of labels: neither case nor
// composition tells two apart. What folding takes apart is composed again.
func fold(k string) string { return norm.NFC.String(cases.Fold().String(norm.NFC.String(k))) }
