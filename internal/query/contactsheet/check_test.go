package contactsheet

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

// A sheet replaces a sheet, and no other file.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	s := Sheet{Title: "x", Pictures: []Picture{{Path: "/a.jpg"}}, Load: func(string) (image.Image, error) { return wide(color.Black), nil }}
	for _, name := range []string{"a.html", "a.png", "a.HTM"} {
		file := filepath.Join(dir, name)
		if err := Check(file); err != nil {
			t.Errorf("%s, which is not there: %v", name, err)
		}
		if err := s.WriteFile(t.Context(), file); err != nil {
			t.Fatal(err)
		}
		if err := Check(file); err != nil {
			t.Errorf("%s, a sheet: %v", name, err)
		}
		if err := os.WriteFile(file, []byte("<html>mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := Check(file); !errors.Is(err, ErrForeign) {
			t.Errorf("%s, which is somebody's own: %v", name, err)
		}
	}
	if err := Check(filepath.Join(dir, "a.txt")); !errors.Is(err, ErrFormat) {
		t.Error(err)
	}
	if err := Check(filepath.Join(dir, "none", "a.html")); err == nil {
		t.Error("there is no such folder")
	}
}

// The remark in a PNG leaves it a PNG.
func TestMarkedPNG(t *testing.T) {
	s := Sheet{Pictures: []Picture{{Path: "/a.jpg"}}, Load: func(string) (image.Image, error) { return wide(color.Black), nil }}
	var b bytes.Buffer
	if err := s.WritePNG(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b.Bytes()[:100], []byte("tEXtSoftware\x00"+mark)) {
		t.Errorf("begins with %q", b.Bytes()[:100])
	}
	if _, err := png.Decode(&b); err != nil {
		t.Error(err)
	}
}
