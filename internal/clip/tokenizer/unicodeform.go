package tokenizer

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// runeSet is a set of characters as an inversion list: the ascending boundaries
// of its ranges, first in, then out, and so on. The sets that matter are kept
// whole in tables.go, because Go's own follow another version of Unicode than the
// reference, and change with the Go release.
type runeSet []rune

func (s runeSet) has(r rune) bool {
	if r < s[0] { // ASCII, for most sets
		return false
	}
	i, found := slices.BinarySearch(s, r)
	if found {
		i++
	}
	return i%2 == 1
}

// unicodeForm is form.String(s) with the reference's older idea of Unicode:
// characters that it does not know pass unchanged, and nothing moves or combines
// across them.
func unicodeForm(form norm.Form, s string) string {
	unknown := inertRunes.has
	if form == norm.NFKC || form == norm.NFKD {
		unknown = func(r rune) bool { return inertRunes.has(r) || inertCompatRunes.has(r) }
	}
	i := strings.IndexFunc(s, unknown)
	if i < 0 {
		return normalForm(form, s)
	}
	var b strings.Builder
	for ; i >= 0; i = strings.IndexFunc(s, unknown) {
		_, n := utf8.DecodeRuneInString(s[i:])
		b.WriteString(normalForm(form, s[:i]))
		b.WriteString(s[i : i+n])
		s = s[i+n:]
	}
	b.WriteString(normalForm(form, s))
	return b.String()
}

// graphemeJoiner is what x/text puts into a run of more than 30 marks, to make
// the text stream-safe. The reference does no such thing.
const graphemeJoiner = "\u034F"

func normalForm(form norm.Form, s string) string {
	t := form.String(s)
	if strings.Count(t, graphemeJoiner) == strings.Count(s, graphemeJoiner) {
		return t
	}
	return longForm(form, s)
}

// longForm is the algorithm of Unicode Standard Annex 15 written out, for texts
// with endless runs of marks: decompose, sort marks by their class, and for the
// composed forms combine each with its base unless something stands between.
func longForm(form norm.Form, s string) string {
	compose := form == norm.NFC || form == norm.NFKC
	decomposed := norm.NFD
	if form == norm.NFKC || form == norm.NFKD {
		decomposed = norm.NFKD
	}
	var marks []mark
	for _, r := range s {
		for _, d := range decomposed.String(string(r)) {
			marks = append(marks, mark{d, norm.NFD.PropertiesString(string(d)).CCC()})
		}
	}
	for start := 0; start < len(marks); {
		end := start
		for end < len(marks) && marks[end].class != 0 {
			end++
		}
		slices.SortStableFunc(marks[start:end], func(a, b mark) int { return cmp.Compare(a.class, b.class) })
		start = end + 1
	}
	if compose {
		marks = combine(marks)
	}
	var b strings.Builder
	for _, m := range marks {
		b.WriteRune(m.r)
	}
	return b.String()
}

// mark is a character with its canonical combining class, 0 for a base.
type mark struct {
	r     rune
	class uint8
}

// combine makes the canonical compositions of decomposed, ordered text, in place.
func combine(text []mark) []mark {
	out, base := text[:0], -1
	for _, m := range text {
		if base >= 0 {
			between := len(out) - 1 - base
			blocked := between > 0 && out[len(out)-1].class >= m.class
			if c, ok := composite(out[base].r, m.r); ok && !blocked {
				out[base].r = c
				continue
			}
		}
		out = append(out, m)
		if m.class == 0 {
			base = len(out) - 1
		}
	}
	return out
}

// composite is the character that a and b compose to, if any.
func composite(a, b rune) (rune, bool) {
	s := norm.NFC.String(string([]rune{a, b}))
	r, n := utf8.DecodeRuneInString(s)
	return r, n == len(s)
}
