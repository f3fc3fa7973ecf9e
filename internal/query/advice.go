package query

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/query/syntax"
)

// negations are words that models of pictures and texts pass over: to them "a dog without
// a cat" is a text about a dog and a cat.
var negations = []string{"not", "no", "without"}

// Advice returns what a person should know about a line that is read without complaint:
// a word that may be a mistyped filter, and a negation in plain words, with the form that
// does leave pictures out.
func (l Line) Advice() []string {
	var out []string
	for _, t := range l.Query.Terms {
		if t.Kind != syntax.Text {
			continue
		}
		words := strings.Fields(t.Value)
		for _, w := range words {
			if meant := syntax.MistypedFilter(w); meant != "" {
				out = append(out, fmt.Sprintf("%q is taken for words: did you mean %s?", w, meant))
			}
		}
		// ratign>=1 is a text with a threshold.
		if least := t.Least; least != nil && !least.Probability && least.Value == math.Trunc(least.Value) {
			w := words[len(words)-1]
			if meant := syntax.MistypedFilter(fmt.Sprintf("%s>=%g", w, least.Value)); meant != "" {
				out = append(out, fmt.Sprintf("%q is taken for words with a threshold: did you mean %s?", w, meant))
			}
		}
		if i := slices.Index(words, "OR"); i > 0 && i < len(words)-1 {
			before, after := strings.Join(words[:i], " "), strings.Join(words[i+1:], " ")
			out = append(out, fmt.Sprintf("OR between words is a word like any other: write %s + %s for what is like both, or search for one after the other", before, after))
		}
		i := slices.IndexFunc(words, func(w string) bool { return slices.Contains(negations, strings.ToLower(w)) })
		if i < 0 || i == len(words)-1 {
			continue
		}
		before := strings.Trim(strings.Join(words[:i], " "), ",;")
		after := strings.Join(words[i+1:], " ")
		// Articles and the like say nothing about what is to be left out.
		for _, article := range []string{"a ", "an ", "the ", "any "} {
			after = strings.TrimPrefix(after, article)
		}
		if before == "" {
			before = "beach"
			out = append(out, fmt.Sprintf("%q does not leave pictures out; say what to look for and what to leave out, for example: %s NOT %s", words[i], before, after))
			continue
		}
		out = append(out, fmt.Sprintf("%q in a text does not leave pictures out: write %s NOT %s, or %s - %s for less of it",
			words[i], before, after, before, after))
	}
	return out
}
