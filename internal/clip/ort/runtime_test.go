package ort_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sightline/sightline/internal/clip/ort"
)

func TestFindLibrary(t *testing.T) {
	root := t.TempDir()
	for _, d := range []string{"bin", "lib", "elsewhere"} {
		if err := os.Mkdir(filepath.Join(root, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	exe := filepath.Join(root, "bin", "search")
	lib := filepath.Join(root, "lib", ort.LibraryName())
	link := filepath.Join(root, "elsewhere", "search")
	for _, f := range []string{exe, lib} {
		if err := os.WriteFile(f, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(exe, link); err != nil {
		t.Fatal(err)
	}
	real, err := filepath.EvalSymlinks(lib)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, explicit, exe, want string }{
		{"beside the program", "", exe, real},
		{"through a link", "", link, real},
		{"named", exe, "", exe},
	} {
		got, err := ort.FindLibrary(c.explicit, c.exe)
		if err != nil || filepath.Clean(got) != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
	if _, err := ort.FindLibrary(filepath.Join(root, "none.so"), exe); !errors.Is(err, ort.ErrNoLibrary) {
		t.Errorf("a named library that is not there: %v", err)
	}
}

func TestLibraryThatIsNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "libonnxruntime.so")
	if err := os.WriteFile(path, []byte("not a library"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := ort.Open(path); !errors.Is(err, ort.ErrNoLibrary) {
		t.Errorf("error %v", err)
	}
}
