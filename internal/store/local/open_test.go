package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

func TestOpenMissing(t *testing.T) {
	for _, mode := range []store.Mode{store.ReadOnly, store.ReadWrite} {
		dir := t.TempDir()
		o := testOptions(dir)
		o.Mode = mode
		_, err := Open(t.Context(), o)
		mustFail(t, "Open of nothing", err, store.ErrNoIndex)
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("Open of nothing left %v, %v", entries, err)
		}
	}
}

func TestOpenWithoutModel(t *testing.T) {
	o := testOptions(t.TempDir())
	o.Model = store.Model{}
	if _, err := Open(t.Context(), o); err == nil {
		t.Error("an index was created for no model")
	}
	mustOpen(t, testOptions(o.Dir)).Close()
	o.Mode = store.ReadOnly
	if s := mustOpen(t, o); s.Model() != testModel {
		t.Errorf("Model = %+v", s.Model())
	}
}

func TestCollectionNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"photos": true, "a": true, "_x.y-z": true, "2024": true, strings.Repeat("x", 64): true,
		"": false, ".": false, "..": false, ".x": false, "-x": false, "a/b": false, `a\b`: false, "a b": false,
		"é": false, "a\x00": false, "a\n": false, strings.Repeat("x", 65): false,
	} {
		o := testOptions(t.TempDir())
		o.Collection = name
		s, err := Open(t.Context(), o)
		if (err == nil) != ok {
			t.Errorf("collection %q: %v", name, err)
		}
		if s != nil {
			s.Close()
		}
	}
}

func TestCollectionsAreApart(t *testing.T) {
	o := testOptions(t.TempDir())
	a := mustOpen(t, o)
	o.Collection, o.Model.Fingerprint = "d", "beef"
	b := mustOpen(t, o)
	if err := a.Upsert(t.Context(), testBatch(0, 3, 1)); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Count(t.Context(), nil); n != 0 || err != nil {
		t.Errorf("the other collection has %d records, %v", n, err)
	}
}

// A folder's name is anything.
func TestHostileFolder(t *testing.T) {
	names := []string{"with space", "100%41", "a?b#c&mode=memory", "it's", "ü🐕"}
	if runtime.GOOS == "linux" {
		names = append(names, "latin1-\xe9", "new\nline")
	}
	for _, name := range names {
		dir := filepath.Join(t.TempDir(), name)
		s := mustOpen(t, testOptions(dir))
		if err := s.Upsert(t.Context(), testBatch(0, 3, 1)); err != nil {
			t.Fatal(err)
		}
		s.Close()
		if _, err := os.Stat(filepath.Join(dir, "c", catalogueName)); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if n := len(checkWhole(t, mustOpen(t, testOptions(dir)))); n != 3 {
			t.Errorf("%q: %d records", name, n)
		}
	}
}

func TestTwoWriters(t *testing.T) {
	o := testOptions(t.TempDir())
	s := mustOpen(t, o)
	for _, mode := range []store.Mode{store.Create, store.ReadWrite} {
		o.Mode = mode
		_, err := Open(t.Context(), o)
		mustFail(t, "a second writer", err, store.ErrLocked)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
			t.Errorf("the error does not say who has the lock: %v", err)
		}
	}
	o.Mode = store.ReadOnly
	r := mustOpen(t, o)
	mustFail(t, "Upsert into a reader", r.Upsert(t.Context(), testBatch(0, 1, 1)), store.ErrReadOnly)
	mustFail(t, "Compact of a reader", r.Compact(t.Context()), store.ErrReadOnly)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o.Mode = store.ReadWrite
	mustOpen(t, o)
}

// A refused open leaves every byte of the index as it was.
func TestOtherModelChangesNothing(t *testing.T) {
	o := testOptions(t.TempDir())
	s := mustOpen(t, o)
	if err := s.Upsert(t.Context(), testBatch(0, 30, 1)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	before := contents(t, o.Dir)
	for _, mode := range []store.Mode{store.ReadOnly, store.ReadWrite, store.Create} {
		o.Mode = mode
		o.Model.Fingerprint = "beef"
		_, err := Open(t.Context(), o)
		var mismatch *store.ModelMismatchError
		if !errors.As(err, &mismatch) || mismatch.Have != testModel {
			t.Errorf("mode %d: %v", mode, err)
		}
	}
	if after := contents(t, o.Dir); !slices.Equal(before, after) {
		t.Error("the index has changed")
	}
}

// contents is the names and bytes of the files of an index.
func contents(t *testing.T, dir string) []string {
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, "-wal") {
			return err
		}
		b, err := os.ReadFile(path)
		out = append(out, path+"\x00"+string(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNewerFormat(t *testing.T) {
	o := testOptions(t.TempDir())
	mustOpen(t, o).Close()
	execCatalogue(t, o.Dir, fmt.Sprintf("PRAGMA user_version = %d", formatVersion+1))
	for _, mode := range []store.Mode{store.ReadOnly, store.ReadWrite, store.Create} {
		o.Mode = mode
		_, err := Open(t.Context(), o)
		mustFail(t, "Open of a newer format", err, store.ErrNewerFormat)
	}
}

// Making an index can be interrupted after its files are there.
func TestUnfinishedCreation(t *testing.T) {
	o := testOptions(t.TempDir())
	if err := os.MkdirAll(filepath.Join(o.Dir, "c"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{catalogueName, "vectors-000001.f32"} {
		if err := os.WriteFile(filepath.Join(o.Dir, "c", name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []store.Mode{store.ReadOnly, store.ReadWrite} {
		o.Mode = mode
		_, err := Open(t.Context(), o)
		mustFail(t, "Open of an unfinished index", err, store.ErrNoIndex)
	}
	o.Mode = store.Create
	s := mustOpen(t, o)
	if err := s.Upsert(t.Context(), testBatch(0, 3, 1)); err != nil {
		t.Fatal(err)
	}
	checkWhole(t, s)
}

// execCatalogue changes a closed index behind its back.
func execCatalogue(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := openCatalogue(filepath.Join(dir, "c", catalogueName), store.Create)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}
