package walk

import (
	"path/filepath"
	"testing"
)

func TestResolve(t *testing.T) {
	base := tree(t, "real/sub/a.jpg", "real/file -> sub/a.jpg", "alias -> real", "again -> alias/sub", "gone -> nowhere")
	base, err := filepath.EvalSymlinks(base)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"real/sub":        "real/sub",
		"alias":           "real",
		"alias/sub/a.jpg": "real/sub/a.jpg",
		"alias/file":      "real/file", // its name is what people know
		"again":           "real/sub",
		"alias/new/b.jpg": "real/new/b.jpg",
		"gone":            "gone",
		"gone/b.jpg":      "gone/b.jpg",
		"real/../alias/.": "real",
	} {
		if got := Resolve(filepath.Join(base, path)); got != filepath.Join(base, want) {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if got := Resolve("/"); got != "/" {
		t.Errorf("the root is %s", got)
	}
}
