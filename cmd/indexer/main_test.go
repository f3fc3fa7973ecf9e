package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/cmdline"
)

// What search takes for a command of this program is one, and nothing is left out.
func TestSiblings(t *testing.T) {
	var out strings.Builder
	p := cmdline.NewProgram()
	p.Stdout = &out
	if code := run(t.Context(), p, []string{"indexer", "__complete", ""}); code != 0 {
		t.Fatal(code)
	}
	var names []string
	for line := range strings.Lines(out.String()) {
		if name, _, ok := strings.Cut(line, "\t"); ok && name != "help" {
			names = append(names, name)
		}
	}
	want := cmdline.IndexerCommands()
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("the commands are %q, and cmdline.IndexerCommands has %q", names, want)
	}
}
