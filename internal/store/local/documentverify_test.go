package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

// verified returns what Verify finds.
func verified(t *testing.T, s *Store) (found []string) {
	t.Helper()
	if err := s.Verify(t.Context(), func(problem string) { found = append(found, problem) }); err != nil {
		t.Fatal(err)
	}
	return found
}

func putDocument(t *testing.T, s *Store, name, data string) (path string) {
	t.Helper()
	if err := s.PutDocument(t.Context(), name, []byte(data)); err != nil {
		t.Fatal(err)
	}
	return s.documentPath(name)
}

// A change of any bit, a cut anywhere, another document's file and one of zeros are reported, and
// never read as something else, though most of the flips leave valid JSON.
func TestDamagedDocuments(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine: slow under the race detector")
	}
	s := documentsStore(t, store.Create, t.TempDir())
	path := putDocument(t, s, "corrections/a", `{"version":1,"name":"dog"}`)
	other := putDocument(t, s, "corrections/b", `{"version":1,"name":"cat"}`)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wrong := map[string][]byte{"empty": nil, "zeros": make([]byte, len(sound)), "longer": append(append([]byte(nil), sound...), ' ')}
	for i := range 8 * len(sound) {
		flipped := append([]byte(nil), sound...)
		flipped[i/8] ^= 1 << (i % 8)
		wrong[fmt.Sprintf("bit %d", i)] = flipped
	}
	for i := range sound {
		wrong[fmt.Sprintf("cut to %d", i)] = sound[:i]
	}
	if wrong["another document's"], err = os.ReadFile(other); err != nil {
		t.Fatal(err)
	}
	for what, content := range wrong {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		if data, err := s.Document(t.Context(), "corrections/a"); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "document corrections/a") {
			t.Fatalf("%s: Document = %q, %v", what, data, err)
		}
	}
	if found := verified(t, s); len(found) != 1 || !strings.Contains(found[0], "document corrections/a, what was said of the pictures") {
		t.Errorf("Verify found %q", found)
	}
	// Who rewrites it has mended it.
	putDocument(t, s, "corrections/a", "x")
	if found := verified(t, s); len(found) != 0 {
		t.Errorf("after it was written again, Verify found %q", found)
	}
}

func TestRepairSetsDocumentsAside(t *testing.T) {
	s := documentsStore(t, store.Create, t.TempDir())
	path := putDocument(t, s, "runs/0123456789ab.json", "{}")
	putDocument(t, s, "labels/b", "sound")
	if err := os.WriteFile(path, []byte("something else"), 0o644); err != nil {
		t.Fatal(err)
	}
	var found, told []string
	note := func(to *[]string) func(string) { return func(text string) { *to = append(*to, text) } }
	if err := s.Repair(t.Context(), note(&found), note(&told)); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || len(told) != 1 || !strings.Contains(told[0], "lost is what is known of a tagging run") {
		t.Errorf("found %q, told %q", found, told)
	}
	if _, err := s.Document(t.Context(), "runs/0123456789ab.json"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Document = %v", err)
	}
	if data, err := s.Document(t.Context(), "labels/b"); err != nil || string(data) != "sound" {
		t.Errorf("the sound one is %q, %v", data, err)
	}
	aside, err := filepath.Glob(path + damagedInfix + "*")
	if err != nil || len(aside) != 1 {
		t.Fatalf("set aside are %q, %v", aside, err)
	}
	if b, err := os.ReadFile(aside[0]); err != nil || string(b) != "something else" {
		t.Errorf("set aside is %q, %v", b, err)
	}
	if found := verified(t, s); len(found) != 0 {
		t.Errorf("afterwards Verify found %q", found)
	}
}

// Documents of an earlier version are read as they are, get a checksum from the next writer,
// and each change that others make at the same time stays.
func TestDocumentsOfEarlierVersions(t *testing.T) {
	dir := t.TempDir()
	s := documentsStore(t, store.Create, dir)
	if err := os.Mkdir(filepath.Join(s.base, documentsName), 0o755); err != nil {
		t.Fatal(err)
	}
	plain := func(name, data string) {
		t.Helper()
		if err := os.WriteFile(s.plainPath(name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	read := func(s *Store, name, want string) {
		t.Helper()
		data, err := s.Document(t.Context(), name)
		if want == "" && errors.Is(err, store.ErrNotFound) {
			return
		}
		if err != nil || string(data) != want {
			t.Errorf("Document(%s) = %q, %v; want %q", name, data, err, want)
		}
	}
	plain("runs/a", "old")
	plain("removed", "old")
	plain("replaced", "old")
	read(s, "runs/a", "old")
	if names, err := s.DocumentNames(t.Context(), ""); err != nil || fmt.Sprint(names) != "[removed replaced runs/a]" {
		t.Errorf("DocumentNames = %q, %v", names, err)
	}
	putDocument(t, s, "replaced", "new")
	if err := s.DeleteDocument(t.Context(), "removed"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = documentsStore(t, store.ReadWrite, dir)
	for name, want := range map[string]string{"runs/a": "old", "replaced": "new", "removed": ""} {
		read(s, name, want)
		if _, err := os.Lstat(s.plainPath(name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s lies there without a checksum: %v", name, err)
		}
	}

	// At the same time.
	for i := range 40 {
		name, removed := fmt.Sprintf("put-%d", i), fmt.Sprintf("removed-%d", i)
		plain(name, "old")
		plain(removed, "old")
		var wg sync.WaitGroup
		var failed [3]error
		wg.Go(func() { failed[0] = s.adoptDocuments() })
		wg.Go(func() { failed[1] = s.PutDocument(t.Context(), name, []byte("new")) })
		wg.Go(func() { failed[2] = s.DeleteDocument(t.Context(), removed) })
		wg.Wait()
		if err := errors.Join(failed[:]...); err != nil {
			t.Fatal(err)
		}
		read(s, name, "new")
		read(s, removed, "")
	}
	if left, err := filepath.Glob(filepath.Join(s.base, documentsName, ".sightline-*")); err != nil || len(left) > 0 {
		t.Errorf("left are %q, %v", left, err)
	}
}
