package walk_test

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/sightline/sightline/internal/walk"
)

// Each folder that is read is reported before, also those behind links; ignored ones are not.
func TestFolders(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a/b", "node_modules/x", ".hidden"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(name)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	var told []string
	o := walk.Options{Folder: func(path string) {
		mu.Lock()
		defer mu.Unlock()
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			t.Error(err)
		}
		told = append(told, filepath.ToSlash(rel))
	}}
	for range walk.Walk(t.Context(), []string{dir}, o) {
	}
	slices.Sort(told)
	if want := []string{".", "a", "a/b"}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

func TestMayMatter(t *testing.T) {
	o := walk.Options{
		KnownExtension: func(name string) bool { return filepath.Ext(name) == ".jpg" },
		OtherKind: func(name string) string {
			if ext := filepath.Ext(name); ext == ".mp4" || ext == ".xmp" {
				return "other"
			}
			return ""
		},
	}
	for name, want := range map[string]bool{
		"a.jpg": true, "a": true, "a.txt": true, "A.XMP": true, ".nomedia": true, ".sightlineignore": true,
		"a.mp4": false, ".a.jpg": false, "@eaDir": false, "._a.jpg": false, "": false,
	} {
		if got := o.MayMatter(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
	if o.Hidden = true; !o.MayMatter(".a.jpg") || o.MayMatter(".git") {
		t.Error("hidden names")
	}
}
