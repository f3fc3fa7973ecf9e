package index

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestNearOnDisk(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"Pictures/2024", "Videos", "Photos"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		path string
		want []string
	}{
		{"Picturse", []string{"Pictures"}},
		{"Picturse/2024", []string{"Pictures/2024"}},
		{"Picturse/2025", []string{"Pictures"}},
		{"Pictures/2042", []string{"Pictures/2024"}},
		{"photos", []string{"Photos"}},
		{"elsewhere", nil},
	} {
		var want []string
		for _, w := range c.want {
			want = append(want, filepath.Join(dir, w))
		}
		if got := nearOnDisk(filepath.Join(dir, c.path)); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", c.path, got, want)
		}
	}
	if got := nearOnDisk("/"); got != nil {
		t.Errorf("/: %q", got)
	}
}
