package walk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSidecars(t *testing.T) {
	tests := []struct {
		name  string
		files string
		want  map[string]string // picture: sidecar; pictures without are not listed
	}{
		{"none", "a.jpg b.jpg", nil},
		{"after the whole name", "a.jpg a.jpg.xmp", map[string]string{"a.jpg": "a.jpg.xmp"}},
		{"after the stem", "a.jpg a.xmp", map[string]string{"a.jpg": "a.xmp"}},
		{"both", "a.jpg a.jpg.xmp a.xmp", map[string]string{"a.jpg": "a.jpg.xmp"}},
		{"upper-case extension", "a.jpg a.jpg.XMP b.jpg b.XMP", map[string]string{"a.jpg": "a.jpg.XMP", "b.jpg": "b.XMP"}},
		{"other case of the name", "A.JPG a.jpg.Xmp", map[string]string{"A.JPG": "a.jpg.Xmp"}},
		{"two spellings", "A.jpg a.jpg a.jpg.xmp", map[string]string{"a.jpg": "a.jpg.xmp"}},
		{"each its own", "A.jpg a.jpg A.jpg.xmp a.jpg.xmp", map[string]string{"A.jpg": "A.jpg.xmp", "a.jpg": "a.jpg.xmp"}},
		{"accents composed otherwise", "\u00e9t\u00e9.jpg e\u0301te\u0301.jpg.xmp o\u0308l.png \u00d6L.xmp",
			map[string]string{"\u00e9t\u00e9.jpg": "e\u0301te\u0301.jpg.xmp", "o\u0308l.png": "\u00d6L.xmp"}},
		{"each of two compositions", "\u00e9.jpg e\u0301.jpg \u00e9.jpg.xmp e\u0301.jpg.xmp",
			map[string]string{"\u00e9.jpg": "\u00e9.jpg.xmp", "e\u0301.jpg": "e\u0301.jpg.xmp"}},
		{"beside a RAW", "a.cr2 a.jpg a.xmp", map[string]string{"a.cr2": "a.xmp"}},
		{"beside another picture", "a.jpg a.png a.xmp", nil},
		{"beside two RAWs", "a.cr2 a.dng a.xmp", nil},
		{"beside a film and settings", "a.heic a.mov a.aae a.xmp", map[string]string{"a.heic": "a.xmp"}},
		{"of somebody else", "a.jpg b.xmp ab.xmp .xmp xmp", nil},
		{"dots in names", "a.b.jpg a.b.xmp a.xmp", map[string]string{"a.b.jpg": "a.b.xmp"}},
		{"ignored", "a.jpg a.jpg.xmp ignored.jpg ignored.jpg.xmp", map[string]string{"a.jpg": "a.jpg.xmp"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			names := strings.Fields(tt.files)
			for _, name := range names {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			o := Options{Ignore: []string{"ignored.jpg.xmp"}, KnownExtension: func(name string) bool { return !isSidecar(name) }}
			sidecarsOf := func(roots ...string) map[string]string {
				var found map[string]string
				for e, err := range Walk(t.Context(), roots, o) {
					if err != nil {
						t.Fatal(err)
					}
					if e.Sidecar == nil {
						continue
					}
					if e.Sidecar.Size == 0 || e.Sidecar.ModTime.IsZero() {
						t.Errorf("%s: %+v", e.Path, e.Sidecar)
					}
					if found == nil {
						found = make(map[string]string)
					}
					found[filepath.Base(e.Path)] = filepath.Base(e.Sidecar.Path)
				}
				return found
			}
			if d := cmp.Diff(tt.want, sidecarsOf(dir)); d != "" {
				t.Errorf("in a folder (-want +got):\n%s", d)
			}
			var files []string
			for _, name := range names {
				if !isSidecar(name) {
					files = append(files, filepath.Join(dir, name))
				}
			}
			if d := cmp.Diff(tt.want, sidecarsOf(files...)); d != "" {
				t.Errorf("as roots (-want +got):\n%s", d)
			}
		})
	}
}

// TestSidecarIsAFile makes a sidecar of what is none.
func TestSidecarIsAFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.jpg"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "a.jpg.xmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	for e, err := range Walk(t.Context(), []string{dir}, Options{}) {
		if err != nil || e.Sidecar != nil {
			t.Errorf("%+v, %v", e, err)
		}
	}
}
