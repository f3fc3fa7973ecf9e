package query

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestSpellings(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "Übung") // composed, as keyboards write
	for _, name := range []string{"E\u0301te\u0301/2024", "Photos", "same/Case", "same/case", "both/a", "Both/b"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		typed string
		want  []string // at least
		never string
	}{
		{"Photos", []string{"Photos"}, ""},
		{"photos", []string{"photos", "Photos"}, ""},
		{"Été/2024", []string{"Été/2024", "E\u0301te\u0301/2024"}, ""},
		{"été/2024", []string{"E\u0301te\u0301/2024"}, ""},
		{"same/case", []string{"same/case"}, "same/Case"}, // which is another folder
		{"same/CASE", []string{"same/Case", "same/case"}, ""},
		{"BOTH/B", []string{"Both/b"}, ""},
		{"gone/é", []string{"gone/é", "gone/e\u0301"}, ""},
	} {
		got := spellings(filepath.Join(dir, c.typed))
		for _, want := range c.want {
			if !slices.Contains(got, filepath.Join(dir, want)) {
				t.Errorf("%q means %q, not %q", c.typed, got, want)
			}
		}
		if c.never != "" && slices.Contains(got, filepath.Join(dir, c.never)) {
			t.Errorf("%q means %q too", c.typed, c.never)
		}
	}
}
