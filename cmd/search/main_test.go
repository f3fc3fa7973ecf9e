package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sightline/sightline/internal/cmdline"
)

// Help fits the narrowest terminal, and has one layout for all commands.
func TestHelp(t *testing.T) {
	for _, name := range []string{
		"", "text", "image", "like", "tag", "tag add", "tag remove", "tags", "classify", "labels", "labels init", "labels hubs", "label", "label save",
		"duplicates", "clusters", "eval", "tune", "serve", "mcp",
	} {
		var out strings.Builder
		p := cmdline.NewProgram()
		p.Stdout = &out
		line := append(strings.Fields("search "+name), "--help")
		if code := run(t.Context(), p, line); code != 0 {
			t.Fatalf("%q ends with %d", line, code)
		}
		begins := strings.TrimSpace("search "+name) + " - "
		if !strings.HasPrefix(out.String(), begins) || !strings.Contains(out.String(), "\nUsage:\n") && name != "" {
			t.Errorf("%q prints\n%s", line, out.String())
		}
		for l := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(strings.TrimRight(l, "\n")); n > 80 {
				t.Errorf("%q: a line has %d characters: %s", line, n, l)
			}
		}
	}
}
