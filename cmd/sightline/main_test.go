package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/cmdline"
)

// beside writes programs that answer __complete as indexer and search would.
func beside(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, commands := range map[string]string{"indexer": "run tune", "search": "text tag tune"} {
		script := "#!/bin/sh\n[ \"$1\" = __complete ] || exit 9\nif [ -n \"$2\" ]; then echo \"" + name + " $2 $3\"; else for c in " +
			commands + "; do printf '%s\\tabout %s\\n' $c $c; done; fi\necho :none\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestDispatch(t *testing.T) {
	if umbrella != cmdline.Umbrella || exitOK != cmdline.ExitOK || exitFatal != cmdline.ExitFatal {
		t.Error("the names are not those of internal/cmdline")
	}
	dir := beside(t)
	for _, tt := range []struct{ args, want string }{
		{"run /p --json", "indexer: sightline|run|/p|--json"},
		{"--json run /p", "indexer: sightline|--json|run|/p"},
		{"tag --labels x", "search: sightline|tag|--labels|x"},
		{"tune", "indexer: sightline|tune"},
		{"search tune", "search: sightline search|tune"},
		{"search run", "search: sightline search|run"},
		{"search", "search: sightline search"},
		{"help run", "indexer: sightline|run|--help"},
		{"help search", "search: sightline search|--help"},
		{"nonsense", "search: sightline|nonsense"},
		{"-- run", "search: sightline|--|run"},
		{"--version", "indexer: sightline|--version"},
	} {
		var got string
		d := dispatcher{dir: dir, stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, become: func(path string, argv []string) (int, error) {
			got = filepath.Base(path) + ": " + strings.Join(argv, "|")
			return 7, nil
		}}
		if code := d.run(t.Context(), strings.Fields(tt.args)); code != 7 || got != tt.want {
			t.Errorf("%s: %q with %d, want %q", tt.args, got, code, tt.want)
		}
	}
}

func TestCompleteOfBoth(t *testing.T) {
	dir := beside(t)
	for words, want := range map[string]string{
		"":          "search\tfind pictures by a text\nrun\tabout run\ntune\tabout tune\ntag\tabout tag\n:none\n",
		"t":         "tune\tabout tune\ntag\tabout tag\n:none\n",
		"run --j":   "indexer run --j\n:none\n",
		"tag --j":   "search tag --j\n:none\n",
		"search --": "search -- \n:none\n",
	} {
		var out bytes.Buffer
		d := dispatcher{dir: dir, stdout: &out, stderr: &bytes.Buffer{}}
		if code := d.run(t.Context(), slices.Concat([]string{"__complete"}, strings.Split(words, " "))); code != 0 || out.String() != want {
			t.Errorf("%q: %q with %d, want %q", words, out.String(), code, want)
		}
	}
}

func TestHelpFits(t *testing.T) {
	var out bytes.Buffer
	d := dispatcher{dir: beside(t), stdout: &out, stderr: &out}
	if code := d.run(t.Context(), []string{"--help"}); code != exitOK {
		t.Fatal(code, out.String())
	}
	for line := range strings.Lines(out.String()) {
		if len(strings.TrimSuffix(line, "\n")) > helpWidth {
			t.Errorf("too wide: %s", line)
		}
	}
}

func TestProgramsMissing(t *testing.T) {
	var stderr bytes.Buffer
	d := dispatcher{dir: t.TempDir(), stdout: &bytes.Buffer{}, stderr: &stderr, become: become}
	for _, args := range [][]string{{"run"}, {"search", "dog"}, {}} {
		stderr.Reset()
		if code := d.run(t.Context(), args); code != exitFatal || !strings.Contains(stderr.String(), "into one folder") || strings.Contains(stderr.String(), "exec ") {
			t.Errorf("%v: exit %d, %q", args, code, stderr.String())
		}
	}
}
