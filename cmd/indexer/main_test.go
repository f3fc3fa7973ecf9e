package main

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

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

// Help fits the narrowest terminal, and has one layout for all commands.
func TestHelp(t *testing.T) {
	for _, name := range append(cmdline.IndexerCommands(), "", "config show", "collections drop", "model use", "model fetch") {
		var out strings.Builder
		p := cmdline.NewProgram()
		p.Stdout = &out
		line := append(strings.Fields("indexer "+name), "--help")
		if code := run(t.Context(), p, line); code != 0 {
			t.Fatalf("%q ends with %d", line, code)
		}
		begins := strings.TrimSpace("indexer "+name) + " - "
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

// What the checks find while they are interrupted is no fault of the machine.
func TestDoctorInterrupted(t *testing.T) {
	var out, errs bytes.Buffer
	p := cmdline.NewProgram()
	p.Stdout, p.Stderr = &out, &errs
	home := t.TempDir()
	p.Getenv = func(name string) string {
		if name == "HOME" {
			return home
		}
		return ""
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code := run(ctx, p, []string{"indexer", "doctor"}); code != cmdline.ExitInterrupted || out.Len() > 0 {
		t.Errorf("code %d, stdout %q, stderr %q", code, &out, &errs)
	}
}
