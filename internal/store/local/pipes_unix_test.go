//go:build unix

package local

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

// A pipe in the place of a document is reported, and nobody waits for what comes out of it.
func TestPipeAsDocument(t *testing.T) {
	s := documentsStore(t, store.Create, t.TempDir())
	path := putDocument(t, s, "runs/a", "data")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	if data, err := s.Document(t.Context(), "runs/a"); err == nil {
		t.Errorf("Document = %q", data)
	}
	if err := s.PutDocument(t.Context(), "runs/a", nil); err == nil {
		t.Error("PutDocument is not refused")
	}
	if found := verified(t, s); len(found) != 1 || !strings.Contains(found[0], "not a regular file") {
		t.Errorf("Verify found %q", found)
	}
}

// So is one in the place of any other file of an index.
func TestPipesInAnIndex(t *testing.T) {
	for _, name := range []string{catalogueName, catalogueName + "-wal", currentName, lockName} {
		dir := t.TempDir()
		s := documentsStore(t, store.Create, dir)
		base := s.base
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(base, name)
		if err := removeIfThere(path); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(path, 0o644); err != nil {
			t.Skipf("no pipes here: %v", err)
		}
		o := testOptions(dir)
		o.Mode = store.ReadWrite
		if s, err := Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			if err == nil {
				s.Close()
			}
			t.Errorf("%s: Open = %v", name, err)
		}
	}
}
