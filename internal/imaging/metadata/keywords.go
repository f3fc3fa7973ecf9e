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
	for _, k := range c.ours { // ours are not the picture's: see xmp.go
		set.seen[fold(k)] = true
	}
	for _, k := range slices.Concat(c.iptc, c.subjects) {
		set.add(k)
	}
	for _, h := range c.hierarchies {
		set.addPath(h)
	}
	for _, k := range c.xp {
		set.add(k)
	}
	if set.skipped > 0 {
		c.warn("%d of the keywords were left out, beyond %d or %d bytes of them", set.skipped, MaxKeywords, MaxKeywordsBytes)
	}
	if set.long > 0 {
		c.warn("%d keywords longer than %d bytes were left out", set.long, MaxKeywordBytes)
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

// addPath adds each level of a hierarchy, and the whole of it with bars.
func (s *keywordSet) addPath(path string) {
	var levels []string
	for level := range strings.SplitSeq(path, "|") {
		if level = strings.TrimSpace(level); level != "" {
			levels = append(levels, level)
			s.add(level)
		}
		if len(levels) > maxXMPDepth {
			return
		}
	}
	if len(levels) > 1 {
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
