package label

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every bundled list can be used as it is, and has nothing that lint would complain of.
func TestBundled(t *testing.T) {
	all, err := Bundled()
	if err != nil {
		t.Fatal(err)
	}
	least := map[string]int{"everyday": 300, "scenes": 100, "objects": 150, "events": 50, "colours": 15}
	for _, b := range all {
		if b.Title == "" || b.About == "" || b.Licence != "CC0-1.0" || b.Labels < least[b.Name] || !strings.Contains(string(b.Text()), "licence: CC0-1.0") {
			t.Errorf("%+v", b)
		}
		delete(least, b.Name)
		in, err := Inspect(b.Name)
		if err != nil || in.List == nil || len(in.List.Labels) != b.Labels || !strings.Contains(in.Source, "bundled") {
			t.Errorf("%s: %+v, %v", b.Name, in, err)
		}
		for _, f := range in.Findings {
			t.Errorf("%s: %s: %s, %s: %s", b.Name, f.Problem, f.Label, f.Other, f.Message)
		}
	}
	if len(least) > 0 {
		t.Errorf("missing: %v", least)
	}
	// The word itself, and a file of that name.
	if l, err := Load(`"everyday"`); err != nil || !slices.Equal(l.Names(), []string{"everyday"}) {
		t.Errorf("quoted: %v, %v", l, err)
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("scenes", []byte("mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if l, err := Load("scenes"); err != nil || !slices.Equal(l.Names(), []string{"mine"}) {
		t.Errorf("a file: %v, %v", l, err)
	}
	if _, ok := FindBundled("../lists/scenes"); ok {
		t.Error("a path is a bundled list")
	}
}

func TestExample(t *testing.T) {
	l, err := Read(strings.NewReader(string(Example())), "example", YAML)
	if err != nil || len(l.Labels) < 5 {
		t.Fatalf("%v, %v", l, err)
	}
	for _, f := range Lint(l.Labels) {
		t.Errorf("%+v", f)
	}
}

func TestJSON(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, text := range map[string]string{
		"a.json": "[\n\t\"dog\",\n\t\"sea\\/lake\"\n]", "b.json": `{"labels": ["dog", {"name": "sea/lake", "aliases": ["x"]}], "exclusive": true}`,
		"c.txt": `["dog", "sea/lake"]`, "d.json": `[{"label": "dog"}, {"name": "sea\u002flake", "threshold": 0.5}]`, "e": ` ["dog","sea/lake"] `,
	} {
		l, err := Load(write(name, text))
		if err != nil || !slices.Equal(l.Names(), []string{"dog", "sea/lake"}) {
			t.Errorf("%s: %v, %v", name, l, err)
		}
	}
	if l, err := Load(`["dog", "a, b"]`); err != nil || !slices.Equal(l.Names(), []string{"dog", "a, b"}) {
		t.Errorf("given: %v, %v", l, err)
	}
	for name, c := range map[string][2]string{
		"bad.json": {"[\n\"dog\",\n]", "line 3: this is not JSON"}, "object.json": {`{"dog": 1}`, `"dog"`}, "text.json": {"dog\ncat\n", "line 1: this is not JSON"},
		"l.jsonl": {"{\"name\":\"dog\"}\n{\"name\":\"cat\"}\n", "l.jsonl is JSON lines by its name"}, "t.tsv": {"dog\tcat\n", "tab-separated values"},
		"number.json": {"3", "not a list of labels"}, "empty.json": {"", "this is not JSON"}, "deep.json": {strings.Repeat("[", 20000), "this is not JSON"},
	} {
		_, err := Load(write(name, c[0]))
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v, want %q", name, err, c[1])
		}
	}
	if l, err := Load(write("brackets.txt", "[dog]\n[cat]\n")); err != nil || !slices.Equal(l.Names(), []string{"[dog]", "[cat]"}) {
		t.Errorf("brackets: %v, %v", l, err)
	}
	if _, err := Load("missing.json"); err == nil {
		t.Error("a file that is not there is a label")
	}
}
