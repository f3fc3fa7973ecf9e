package query

import (
	"path/filepath"
	"testing"
)

func TestAtHome(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	for path, want := range map[string]string{
		"~":              home,
		"~/Pictures/a b": filepath.Join(home, "Pictures", "a b"),
		"~anna/Pictures": "~anna/Pictures",
		"a/~/b":          "a/~/b",
		"":               "",
	} {
		if got := AtHome(path); got != want {
			t.Errorf("%q means %q, want %q", path, got, want)
		}
	}
}
