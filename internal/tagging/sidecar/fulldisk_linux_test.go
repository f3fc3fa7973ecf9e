package sidecar

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A full disk leaves the old sidecar as it is, and nothing beside it.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("a small disk cannot be mounted, which takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	picture := filepath.Join(dir, "p.jpg")
	old := fixture(t, "darktable.xmp")
	write(t, picture, "pixels")
	write(t, picture+".xmp", string(old))
	if err := os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 2<<20), 0o644); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("filling up: %v", err)
	}
	if _, err := Update(picture, "run1", []Keyword{{Label: "beach"}}); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("error %v", err)
	}
	if data, err := os.ReadFile(picture + ".xmp"); err != nil || !bytes.Equal(data, old) {
		t.Errorf("the old sidecar is not what it was: %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("%d files, %v", len(entries), err)
	}
}
