package cmdline

import (
	"strings"

	"golang.org/x/text/width"

	"github.com/sightline/sightline/internal/terminal"
)

// caretBefore and caretAfter are how many characters of a long query are shown beside the
// place that a mistake is at.
const caretBefore, caretAfter = 50, 25

// caret is a query with a caret under the character at a column, from 1, as two lines.
func caret(line string, column int) string {
	chars := []rune(strings.ToValidUTF8(line, "\uFFFD"))
	at := min(column-1, len(chars))
	from, to := max(0, at-caretBefore), min(len(chars), at+caretAfter)
	before, after := terminal.Safe(string(chars[from:at])), terminal.Safe(string(chars[at:to]))
	if from > 0 {
		before = "..." + before
	}
	if to < len(chars) {
		after += "..."
	}
	cells := 0
	for _, r := range before {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			cells += 2
		default:
			cells++
		}
	}
	return "   " + before + after + "\n   " + strings.Repeat(" ", cells) + "^\n"
}
