// Package words knows words that people look for in pictures, and which of them somebody
// may have meant by one that is none.
package words

import (
	_ "embed" // the list is a file
	"slices"
	"strings"
)

//go:embed data/words.txt
var list string

// shortest is the length of the shortest word that is taken for a typing error: nearly
// every shorter one is one letter away from some word. Of one letter less only two letters
// exchanged are.
const shortest = 4

// List is a list of words.
type List struct{ words []string } // sorted, in lower case

// Common returns the list that the program brings, and more words of one's own.
func Common(more ...string) *List {
	var words []string
	for line := range strings.Lines(list) {
		if !strings.HasPrefix(line, "#") {
			words = append(words, strings.Fields(line)...)
		}
	}
	for _, text := range more {
		words = append(words, Split(text)...)
	}
	slices.Sort(words)
	return &List{slices.Compact(words)}
}

// Split returns the words of a text, in lower case, that are all of Latin letters.
func Split(text string) []string {
	var out []string
	for _, word := range strings.Fields(strings.ToLower(text)) {
		word = strings.Trim(word, ".,;:!?()[]\"'")
		if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") == "" {
			out = append(out, word)
		}
	}
	return out
}

// endings are what inflects an English word, and what it was before that.
var endings = []struct{ now, before string }{
	{"s", ""}, {"es", ""}, {"ies", "y"}, {"ves", "f"}, {"ed", ""}, {"ed", "e"}, {"ing", ""}, {"ing", "e"}, {"er", ""}, {"er", "e"}, {"y", ""}, {"ly", ""},
}

// Has reports whether a word, or what it is an inflection of, is in the list.
func (l *List) Has(word string) bool {
	has := func(w string) bool {
		_, ok := slices.BinarySearch(l.words, w)
		return ok
	}
	if has(word) {
		return true
	}
	for _, e := range endings {
		stem, ok := strings.CutSuffix(word, e.now)
		if !ok {
			continue
		}
		if has(stem + e.before) {
			return true
		}
		if n := len(stem); n > 2 && stem[n-1] == stem[n-2] && has(stem[:n-1]) { // running
			return true
		}
	}
	return false
}

// Near returns the words of the list that one typing error turns into a word: a letter too
// many, too few or another, or two of them exchanged. There are none for a word that the
// list has, and for one of two letters; of three, two exchanged are the only error. A plural
// is the plural of a near word.
func (l *List) Near(word string) []string {
	if len(word) < shortest-1 || l.Has(word) {
		return nil
	}
	var out []string
	if len(word) < shortest {
		for _, w := range l.words {
			if len(w) == len(word) && oneError(w, word) && sameLetters(w, word) {
				out = append(out, w)
			}
		}
		return out
	}
	for _, w := range l.words {
		if len(w) >= shortest && oneError(w, word) {
			out = append(out, w)
		}
	}
	if stem, ok := strings.CutSuffix(word, "s"); ok && len(out) == 0 && len(stem) >= shortest {
		for _, w := range l.words {
			if len(w) >= shortest && oneError(w, stem) {
				out = append(out, w+"s")
			}
		}
	}
	return out
}

// sameLetters reports whether two words have the same letters, in any order.
func sameLetters(a, b string) bool {
	x, y := []byte(a), []byte(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// oneError reports whether two different words are one typing error apart: the distance of
// Damerau (1964) is 1.
func oneError(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch len(b) - len(a) {
	case 1:
		return a[i:] == b[i+1:]
	case 0:
		if i == len(a) {
			return false
		}
		return a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
	}
	return false
}
