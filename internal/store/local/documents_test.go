package local

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

func documentsStore(t *testing.T, mode store.Mode, dir string) *Store {
	t.Helper()
	o := testOptions(dir)
	o.Mode = mode
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// What a writer leaves that is killed in the middle, the new data in a file beside the
// document, is nothing to a reader.
func TestKilledWriterOfADocument(t *testing.T) {
	dir := t.TempDir()
	s := documentsStore(t, store.Create, dir)
	if err := s.PutDocument(t.Context(), "runs/a", []byte("old")); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(s.base, documentsName, ".sightline-123.tmp")
	if err := os.WriteFile(left, []byte("half of the n"), 0o644); err != nil {
		t.Fatal(err)
	}
	// A reader needs no lock, and may write documents beside the writer of records.
	reader := documentsStore(t, store.ReadOnly, dir)
	names, err := reader.DocumentNames(t.Context(), "")
	if err != nil || !slices.Equal(names, []string{"runs/a"}) {
		t.Errorf("DocumentNames = %q, %v", names, err)
	}
	if data, err := reader.Document(t.Context(), "runs/a"); err != nil || string(data) != "old" {
		t.Errorf("Document = %q, %v", data, err)
	}
	if err := reader.PutDocument(t.Context(), "runs/a", []byte("new")); err != nil {
		t.Errorf("PutDocument: %v", err)
	}
	if data, err := s.Document(t.Context(), "runs/a"); err != nil || string(data) != "new" {
		t.Errorf("Document = %q, %v", data, err)
	}
}

// An index may come from anybody: its documents lead nowhere else.
func TestDocumentsFollowNoLink(t *testing.T) {
	dir, away := t.TempDir(), t.TempDir()
	s := documentsStore(t, store.Create, dir)
	secret := filepath.Join(away, "a")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused := func(what string) {
		t.Helper()
		if data, err := s.Document(t.Context(), "a"); err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: Document = %q, %v", what, data, err)
		}
		if err := s.PutDocument(t.Context(), "a", []byte("spoilt")); err == nil {
			t.Errorf("%s: PutDocument is not refused", what)
		}
		if got, err := os.ReadFile(secret); err != nil || string(got) != "secret" {
			t.Errorf("%s: the file elsewhere holds %q, %v", what, got, err)
		}
	}
	folder := filepath.Join(s.base, documentsName)
	if err := os.Symlink(away, folder); err != nil {
		t.Skipf("no links here: %v", err)
	}
	refused("the folder is a link")
	if _, err := s.DocumentNames(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "link") {
		t.Errorf("DocumentNames = %v", err)
	}
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	if err := s.PutDocument(t.Context(), "b", nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(folder, "a")); err != nil {
		t.Fatal(err)
	}
	refused("the document is a link")
	if names, err := s.DocumentNames(t.Context(), ""); err != nil || !slices.Equal(names, []string{"b"}) {
		t.Errorf("DocumentNames = %q, %v", names, err)
	}
}

func TestDroppedCollectionLeavesNoDocuments(t *testing.T) {
	dir := t.TempDir()
	s := documentsStore(t, store.Create, dir)
	if err := s.PutDocument(t.Context(), "a", nil); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := OpenCollections(dir, nil).DropCollection(t.Context(), s.collection); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(s.base); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is there still: %v", err)
	}
}
