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
	if n, err := RemoveLeftovers(dir); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	entries, err := os.ReadDir(dir)
	gone := !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == ".sightline-123.tmp" })
	if err != nil || len(entries) != 7 || !gone {
		t.Errorf("%v, %v", entries, err)
	}
	if _, err := RemoveLeftovers(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that is not there has no leftovers")
	}
}
