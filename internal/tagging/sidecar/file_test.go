package sidecar

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestPath(t *testing.T) {
	for _, c := range []struct {
		files string // in the folder, beside p.jpg
		want  string
	}{
		{"", "p.jpg.xmp"},
		{"p.jpg.xmp", "p.jpg.xmp"},
		{"p.xmp", "p.xmp"},
		{"p.jpg.xmp p.xmp", "p.jpg.xmp"},
		{"p.xmp p.cr2", "p.jpg.xmp"}, // p.xmp is that of the raw file
		{"p.xmp p.cr2.xmp", "p.xmp"}, // whose stem is p.cr2
		{"p.xmp p2.jpg pp", "p.xmp"}, // other names
		{"p.jpg.XMP", "p.jpg.XMP"},
		{"p.XMP", "p.XMP"},
		{"P.JPG.XMP", "P.JPG.XMP"},
		{"p.JPG.xmp", "p.JPG.xmp"},
		{"P.XMP", "P.XMP"},
		{"p.Jpg.xMp", "p.Jpg.xMp"},
		{"p.jpg.XMP p.xmp", "p.jpg.XMP"},
		{"p.XMP p.cr2", "p.jpg.xmp"},
		{"p.xmp p.mov p.aae", "p.xmp"}, // a film has none
	} {
		dir := t.TempDir()
		for _, f := range append(strings.Fields(c.files), "p.jpg") {
			write(t, filepath.Join(dir, f), "")
		}
		got, err := Path(filepath.Join(dir, "p.jpg"))
		if err != nil || filepath.Base(got) != c.want {
			t.Errorf("%q: %s, %v; want %s", c.files, got, err, c.want)
		}
	}
	if got, err := Path("/nowhere/.jpg"); err != nil || got != "/nowhere/.jpg.xmp" {
		t.Errorf("a name that is all ending: %s, %v", got, err)
	}
}

func TestPathInALargeFolder(t *testing.T) {
	dir := t.TempDir()
	for i := range smallFolder + 1 {
		write(t, filepath.Join(dir, fmt.Sprintf("%d.txt", i)), "")
	}
	write(t, filepath.Join(dir, "P.jpg"), "")
	write(t, filepath.Join(dir, "P.JPG.XMP"), "")
	if got, err := Path(filepath.Join(dir, "P.jpg")); err != nil || filepath.Base(got) != "P.JPG.XMP" {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := Path(filepath.Join(dir, "other.jpg")); err != nil || filepath.Base(got) != "other.jpg.xmp" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestUpdateWritesToTheSidecarThatIsThere(t *testing.T) {
	dir := t.TempDir()
	picture := filepath.Join(dir, "P.JPG")
	write(t, picture, "pixels")
	write(t, filepath.Join(dir, "p.jpg.XMP"), skeleton)
	if _, err := Update(picture, "run1", []Keyword{{Label: "beach"}}); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) != 2 {
		t.Fatalf("%q, %v; want the picture and its one sidecar", names, err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "p.jpg.XMP")); err != nil || !bytes.Contains(data, []byte("beach")) {
		t.Errorf("the sidecar has no label: %v\n%s", err, data)
	}
}

func TestUpdateMakesAndRemoves(t *testing.T) {
	picture := filepath.Join(t.TempDir(), "p.jpg")
	write(t, picture, "pixels")
	kw := []Keyword{{Label: "beach"}}
	c, err := Update(picture, "run1", kw)
	if err != nil || c.Before != nil || c.Nothing() {
		t.Fatalf("first: %+v, %v", c, err)
	}
	data, err := os.ReadFile(picture + ".xmp")
	if err != nil || !bytes.Equal(data, c.After) {
		t.Fatalf("on disk: %v\n%s", err, data)
	}
	if c, err := Update(picture, "run1", kw); err != nil || !c.Nothing() {
		t.Errorf("second: %+v, %v", c, err)
	}
	if c, err := Update(picture, "run1", nil); err != nil || c.After != nil {
		t.Errorf("undo: %+v, %v", c, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(picture)); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestUpdateLosesNothing(t *testing.T) {
	dir := t.TempDir()
	picture := filepath.Join(dir, "p.jpg")
	write(t, picture, "pixels")
	kw := []Keyword{{Label: "beach"}}

	write(t, picture+".xmp", "my own notes")
	if _, err := Update(picture, "run1", kw); !errors.Is(err, ErrUnusable) {
		t.Errorf("not XML: %v", err)
	}
	if data, _ := os.ReadFile(picture + ".xmp"); string(data) != "my own notes" {
		t.Errorf("it was overwritten: %q", data)
	}
	if err := os.Remove(picture + ".xmp"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(picture+".xmp", 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Update(picture, "run1", kw); !errors.Is(err, ErrUnusable) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Update(filepath.Join(dir, "gone", "p.jpg"), "run1", kw); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is gone: %v", err)
	}
}

func TestDiff(t *testing.T) {
	old := fixture(t, "darktable.xmp")
	diff := Change{Path: "p.jpg.xmp", Before: old, After: set(t, old, "run1", "beach")}.Diff()
	var plus, minus []string
	for _, l := range strings.Split(diff, "\n") {
		switch {
		case strings.HasPrefix(l, "+++ "), strings.HasPrefix(l, "--- "):
		case strings.HasPrefix(l, "+"):
			plus = append(plus, strings.TrimSpace(l[1:]))
		case strings.HasPrefix(l, "-"):
			minus = append(minus, l)
		}
	}
	if len(minus) > 0 || len(plus) < 2 || plus[0] != "<rdf:li>beach</rdf:li>" || plus[1] != "<rdf:li>beach</rdf:li>" {
		t.Errorf("%v %v\n%s", minus, plus, diff)
	}
	if !strings.HasPrefix(diff, "--- p.jpg.xmp\n+++ p.jpg.xmp\n@@ -") {
		t.Errorf("an old sidecar:\n%s", diff)
	}
	if got := (Change{Path: "p.jpg.xmp", After: set(t, nil, "run1", "beach")}).Diff(); !strings.HasPrefix(got, "--- (none)\n+++ p.jpg.xmp\n@@ -0,0 +1,") {
		t.Errorf("a new sidecar:\n%s", got)
	}
	if got := (Change{Path: "p.jpg.xmp", Before: old, After: old}).Diff(); got != "" {
		t.Errorf("nothing changes:\n%s", got)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	picture := filepath.Join(dir, "p.jpg")
	write(t, picture, "pixels")
	write(t, picture+".xmp", string(fixture(t, "darktable.xmp")))
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o755) })
	if os.Geteuid() == 0 {
		picture = "/dev/null/p.jpg" // root may write anywhere but below what is no folder
	}
	if _, err := Update(picture, "run1", []Keyword{{Label: "beach"}}); err == nil {
		t.Error("a sidecar was written")
	}
	data, err := os.ReadFile(filepath.Join(dir, "p.jpg.xmp"))
	if err != nil || !bytes.Equal(data, fixture(t, "darktable.xmp")) {
		t.Errorf("the old sidecar is not what it was: %v", err)
	}
}
