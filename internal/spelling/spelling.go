// Package spelling finds the name that was probably meant by one that does not exist: a
// command, a flag, a tag, a folder.
package spelling

import (
	"cmp"
	"slices"
	"strings"
)

// longest is the length in characters above which names are not compared: nobody types
// that much by mistake, and the work grows with the square.
const longest = 100

// Distance is how many typing errors lead from one name to another: a character that is
// missing, added, wrong, or in the place of its neighbour (optimal string alignment, a
// restricted form of the distance of Damerau and Levenshtein), in characters.
func Distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			wrong := 0
			if x[i-1] != y[j-1] {
				wrong = 1
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+wrong)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

// allowed is how many errors a name of so many characters may have and still be meant: of
// a short one too many others are near.
func allowed(length int) int {
	switch {
	case length <= 2:
		return 0
	case length <= 4:
		return 1
	default:
		return 2
	}
}

// Nearest returns the names that were probably meant by a word, the nearest first and at
// most three, whatever the case of letters. A word that begins a name means that too.
func Nearest(word string, names []string) []string {
	typed := strings.ToLower(word)
	length := len([]rune(typed))
	if length > longest {
		return nil
	}
	type near struct {
		name     string
		distance int
	}
	var found []near
	for _, name := range names {
		if len(name) > 4*longest {
			continue
		}
		lower := strings.ToLower(name)
		d := Distance(typed, lower)
		switch {
		case d <= allowed(length):
		case length >= 3 && strings.HasPrefix(lower, typed):
			d = 3
		default:
			continue
		}
		found = append(found, near{name, d})
	}
	slices.SortFunc(found, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.name, b.name))
	})
	found = slices.CompactFunc(found, func(a, b near) bool { return a.name == b.name })
	var out []string
	for _, n := range found {
		if n.distance > found[0].distance || len(out) == 3 {
			break
		}
		out = append(out, n.name)
	}
	return out
}

// Or joins names as a person would: a, b or c.
func Or(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
