package style

import (
	"strings"
	"testing"
)

func TestParagraph(t *testing.T) {
	const width = 80
	words := strings.Fields(strings.Repeat("words of some length ", 12))
	first := strings.Repeat(" ", 18)
	lines := strings.Split(first+Paragraph(words, len(first), len(first), width), "\n")
	for _, line := range lines {
		if len(line) > width || !strings.HasPrefix(line, first) {
			t.Errorf("%d characters: %q", len(line), line)
		}
	}
	if got := strings.Fields(strings.Join(lines, " ")); len(lines) < 2 || len(got) != len(words) {
		t.Errorf("%d words in %d lines, of %d words", len(got), len(lines), len(words))
	}
}
