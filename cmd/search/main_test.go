package main

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sightline/sightline/internal/cmdline"
)

// What indexer takes for a command of this program is one, and nothing is left out.
func TestSiblings(t *testing.T) {
	var out strings.Builder
	p := cmdline.NewProgram()
	p.Stdout = &out
	if code := run(t.Context(), p, []string{"search", "__complete", ""}); code != 0 {
		t.Fatal(code)
	}
	var names []string
	for line := range strings.Lines(out.String()) {
		if name, _, ok := strings.Cut(line, "\t"); ok && name != "help" {
			names = append(names, name)
		}
	}
	want := cmdline.SearchCommands()
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("the commands are %q, and cmdline.SearchCommands has %q", names, want)
	}
}

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
