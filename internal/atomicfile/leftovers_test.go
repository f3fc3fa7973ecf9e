package atomicfile

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestRemoveLeftovers(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-2 * leftAfter)
	for name, age := range map[string]time.Time{
		".sightline-123.tmp": old, ".sightline-9.tmp": time.Now(), ".sightline-a1.tmp": old, ".sightline-.tmp": old,
		".sightline-5.tmp-journal": old, ".sightline-5.tmp-wal": old, ".sightline-5.tmp-shm": old, ".sightline-6.tmp-journal": time.Now(),
		".sightline-8.tmp-other": old, ".sightline-4.tmp": time.Now().AddDate(30, 0, 0),
		"sightline-1.tmp": old, ".sightline-1.xmp": old, "photo.jpg": old,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("half"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, age, age); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, ".sightline-7.tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	if n, err := RemoveLeftovers(dir); n != 5 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	want := []string{".sightline-.tmp", ".sightline-1.xmp", ".sightline-6.tmp-journal", ".sightline-7.tmp", ".sightline-8.tmp-other",
		".sightline-9.tmp", ".sightline-a1.tmp", "photo.jpg", "sightline-1.tmp"}
	if !slices.Equal(left, want) {
		t.Errorf("left are %q, want %q", left, want)
	}
	if _, err := RemoveLeftovers(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that is not there has no leftovers")
	}
}

// The folder of a cache does not grow by what killed processes left in it.
func TestWriteCacheTidies(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, ".sightline-123.tmp")
	if err := os.WriteFile(left, []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-2 * leftAfter)
	if err := os.Chtimes(left, old, old); err != nil {
		t.Fatal(err)
	}
	if err := WriteCache(filepath.Join(dir, "cache"), []byte("new")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", left, err)
	}
}
