package style

import (
	"strings"
	"unicode/utf8"
)

// Paragraph sets words into lines of at most width columns. The first line begins in column
// first, to which the caller has come, and the others are indented by rest. A word that is
// longer than a line stays whole.
func Paragraph(words []string, first, rest, width int) string {
	var b strings.Builder
	at := first
	for i, word := range words {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+n > width:
			b.WriteString("\n" + strings.Repeat(" ", rest))
			at = rest
		default:
			b.WriteString(" ")
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String()
}
