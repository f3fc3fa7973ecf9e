package cmdline

import (
	"strings"
	"testing"
)

func TestReflow(t *testing.T) {
	long := strings.Repeat("word ", 30)
	for _, c := range []struct{ text, want string }{
		{"one\ntwo\n\nthree", "one two\n\nthree"},
		{"   indexer run   as it is\n   b", "   indexer run   as it is\n   b"},
		{strings.TrimSpace(long), strings.TrimSpace(strings.Repeat("word ", 16)) + "\n" + strings.TrimSpace(strings.Repeat("word ", 14))},
		{"   search --tag beach -k 100                  without a text: what the filters leave,\n" +
			"                                              the surest tags",
			"   search --tag beach -k 100                  without a text: what the filters\n" +
				"                                              leave, the surest tags"},
		{"   indexer " + strings.Repeat("x", 60) + "   a remark that is too long to stand there",
			"   indexer " + strings.Repeat("x", 60) + "\n      a remark that is too long to stand there"},
		{"", ""},
	} {
		if got := reflow(c.text); got != c.want {
			t.Errorf("%q:\ngot\n%s\nwant\n%s", c.text, got, c.want)
		}
	}
}

func TestParagraph(t *testing.T) {
	list := strings.Repeat("jpeg|", 30)
	for _, width := range []int{0, 20, 60} {
		for line := range strings.SplitSeq(paragraph("one "+list+" two", width, width), "\n") {
			if n := len(line); n > helpWidth {
				t.Errorf("at column %d a line has %d characters: %q", width, n, line)
			}
		}
	}
	if got := literal("{{.Name}}"); got != `{{"{{"}}.Name}}` {
		t.Errorf("literal gives %s", got)
	}
}
