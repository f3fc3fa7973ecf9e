package syntax

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sightline/sightline/internal/spelling"
)

// MistypedFilter returns the filter that a word may mean which is none: its field is one
// typing error away, or the comparison is that of other fields. It is "" for other words.
func MistypedFilter(word string) string {
	const shortest = 3 // of names as short as "at" in "at:noon" too many are near
	at := strings.IndexAny(word, ":<>=")
	if at < 0 {
		return ""
	}
	name, how, value := strings.ToLower(word[:at]), ":", word[at+1:]
	for _, c := range []Comparison{Least, Most, More, Less, Exactly} {
		if rest, ok := strings.CutPrefix(word[at:], string(c)); ok {
			how, value = string(c), rest
			break
		}
	}
	if value == "" || utf8.RuneCountInString(name) < shortest {
		return ""
	}
	if _, err := strconv.ParseFloat(value, 64); err == nil {
		if f := meant(name, numbers); f != "" {
			if how == ":" {
				how = string(Least)
			}
			return string(f) + how + value
		}
	}
	if how != ":" && how != string(Exactly) && !slices.Contains([]Field{After, Before}, Field(name)) {
		return ""
	}
	if f := meant(name, fields); f != "" {
		return string(f) + ":" + value
	}
	return ""
}

// meant returns the field of a name, or the first that is one typing error away.
func meant(name string, among []Field) Field {
	if f, ok := fieldOf(name, among); ok {
		return f
	}
	for _, f := range among {
		if spelling.Distance(name, string(f)) == 1 {
			return f
		}
	}
	return ""
}
