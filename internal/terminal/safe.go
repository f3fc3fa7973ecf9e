// Package terminal makes text fit for terminals and shells; what it holds besides is
// progress, and previews of pictures.
package terminal

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Safe makes a string fit to be printed on a terminal, on one line: what a terminal
// could take for a command, or a reader for something else, is shown escaped as Go
// writes it (\n, \x1b, \xff, \u202e). So the name of a file cannot move the cursor,
// change colours or turn the text around. Printable text of any script is unchanged,
// backslashes included, which is why the result is for eyes and cannot be undone.
func Safe(s string) string {
	start := unsafeAt(s)
	if start < 0 {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:start])
	for i := start; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if printable(r, n) {
			b.WriteString(s[i : i+n])
		} else {
			quoted := strconv.QuoteToASCII(s[i : i+n])
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		i += n
	}
	return b.String()
}

// unsafeAt returns where the first thing to escape is, -1 if there is none.
func unsafeAt(s string) int {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !printable(r, n) {
			return i
		}
		i += n
	}
	return -1
}

// printable is true for what strconv takes for printable and for the joiners and
// variation selectors that emoji and some scripts are written with; not for control
// and direction characters, other invisible ones, or bytes that are not UTF-8.
func printable(r rune, n int) bool {
	if r == utf8.RuneError && n == 1 {
		return false
	}
	const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d'
	return strconv.IsPrint(r) || r == zeroWidthJoiner || r == zeroWidthNonJoiner || unicode.Is(unicode.Zs, r)
}
