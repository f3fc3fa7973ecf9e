package cmdline

import (
	"strings"
	"testing"
)

func TestCaret(t *testing.T) {
	for _, c := range []struct {
		line   string
		column int
		want   string
	}{
		{`dog "open`, 5, "   dog \"open\n       ^\n"},
		{"dog", 4, "   dog\n      ^\n"},
		{"dog", 99, "   dog\n      ^\n"},
		{"犬 x", 3, "   犬 x\n      ^\n"},
		{strings.Repeat("a", 200) + "b", 201, "   ..." + strings.Repeat("a", 50) + "b\n   " + strings.Repeat(" ", 53) + "^\n"},
	} {
		if got := caret(c.line, c.column); got != c.want {
			t.Errorf("%q, %d:\n%swant\n%s", c.line, c.column, got, c.want)
		}
	}
}
