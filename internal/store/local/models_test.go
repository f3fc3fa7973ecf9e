package local

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

// otherModel has the same dimension: only the fingerprint tells the two apart.
var otherModel = store.Model{Fingerprint: "beef", Name: "other", Precision: "fp32", Pixels: "exact", Dim: testDim}

// found returns the model and the number of records that Open finds under the name.
func found(t *testing.T, dir string) (string, int64) {
	t.Helper()
	s := mustOpen(t, Options{Dir: dir, Collection: "c"})
	defer s.Close()
	n, err := s.Count(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s.model.Name, n
}

func rebuilding(dir string, m store.Model) Options {
	return Options{Dir: dir, Collection: "c", Mode: store.Rebuild, Model: m}
}

func TestRebuild(t *testing.T) {
	dir := t.TempDir()
	old := mustOpen(t, testOptions(dir))
	if err := old.Upsert(t.Context(), testBatch(0, 10, 1)); err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}

	// Beside the old one, in two goes.
	for part := range 2 {
		next := mustOpen(t, rebuilding(dir, otherModel))
		if n, err := next.Count(t.Context(), nil); err != nil || n != int64(3*part) {
			t.Fatalf("the new index begins with %d records, %v", n, err)
		}
		if err := next.Upsert(t.Context(), testBatch(0, 3*(part+1), 2)); err != nil {
			t.Fatal(err)
		}
		if name, n := found(t, dir); name != "test" || n != 10 {
			t.Fatalf("meanwhile searches find model %s, %d records", name, n)
		}
		if err := next.Close(); err != nil {
			t.Fatal(err)
		}
	}
	reader := mustOpen(t, Options{Dir: dir, Collection: "c"})
	next := mustOpen(t, rebuilding(dir, otherModel))
	if err := next.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	if name, n := found(t, dir); name != "other" || n != 6 {
		t.Errorf("after the switch searches find model %s, %d records", name, n)
	}
	if got := checkWhole(t, reader); len(got) != 10 {
		t.Errorf("who had the old index open sees %d records", len(got))
	}
	if _, err := Open(t.Context(), Options{Dir: dir, Collection: "c", Model: testModel}); !isMismatch(err) {
		t.Errorf("opening with the old model: %v", err)
	}
	if err := next.Promote(t.Context()); err != nil {
		t.Errorf("switching again: %v", err)
	}

	// And away with the old one.
	all, err := next.ModelIndexes(t.Context())
	if err != nil || len(all) != 2 || !all[0].Current || all[0].Model != otherModel || all[0].Records != 6 ||
		all[1].Current || all[1].Model != testModel || all[1].Records != 10 {
		t.Fatalf("generations %+v, %v", all, err)
	}
	if err := next.DropModelIndex(t.Context(), all[0].Name); err == nil {
		t.Error("the index in use was dropped")
	}
	if err := next.DropModelIndex(t.Context(), "elsewhere"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("dropping what is not there: %v", err)
	}
	if err := next.DropModelIndex(t.Context(), all[1].Name); err != nil {
		t.Fatal(err)
	}
	if all, err := next.ModelIndexes(t.Context()); err != nil || len(all) != 1 || !all[0].Current {
		t.Errorf("generations %+v, %v", all, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "c", catalogueName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old catalogue: %v", err)
	}
	if name, n := found(t, dir); name != "other" || n != 6 {
		t.Errorf("in the end searches find model %s, %d records", name, n)
	}
	if got := checkWhole(t, next); len(got) != 6 {
		t.Errorf("%d records", len(got))
	}
}

func isMismatch(err error) bool {
	var m *store.ModelMismatchError
	return errors.As(err, &m)
}

// Going back to a model whose index is still there finds that index again.
func TestRebuildBackAndForth(t *testing.T) {
	dir := t.TempDir()
	for i, m := range []store.Model{testModel, otherModel, testModel, otherModel} {
		s := mustOpen(t, rebuilding(dir, m))
		if n, err := s.Count(t.Context(), nil); err != nil || (n > 0) != (i >= 2) {
			t.Fatalf("round %d begins with %d records, %v", i, n, err)
		}
		if err := s.Upsert(t.Context(), testBatch(0, 4, i)); err != nil {
			t.Fatal(err)
		}
		if err := s.Promote(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if name, n := found(t, dir); name != m.Name || n != 4 {
			t.Errorf("round %d: model %s, %d records", i, name, n)
		}
	}
}

// Rebuilding with the same model, or where nothing is, is an ordinary run.
func TestRebuildOfTheSameModel(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		s := mustOpen(t, rebuilding(dir, testModel))
		if err := s.Upsert(t.Context(), testBatch(0, 2, 1)); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if name, n := found(t, dir); name != "test" || n != 2 {
			t.Errorf("model %s, %d records", name, n)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "c", modelsName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder for other models: %v", err)
	}
}

func TestDroppingIsRefused(t *testing.T) {
	dir := t.TempDir()
	writer := mustOpen(t, testOptions(dir))
	next := mustOpen(t, rebuilding(dir, otherModel))
	if err := next.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := next.DropModelIndex(t.Context(), "."); !errors.Is(err, store.ErrLocked) {
		t.Errorf("dropping an index that is being written: %v", err)
	}
	reader := mustOpen(t, Options{Dir: dir, Collection: "c"})
	if err := reader.DropModelIndex(t.Context(), "."); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("dropping from a reader: %v", err)
	}
	if err := reader.Promote(t.Context()); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("promoting from a reader: %v", err)
	}
	if err := writer.Upsert(t.Context(), testBatch(0, 1, 1)); err != nil {
		t.Errorf("the writer was disturbed: %v", err)
	}
}

func TestDamagedCurrent(t *testing.T) {
	dir := t.TempDir()
	mustOpen(t, testOptions(dir)).Close()
	path := filepath.Join(dir, "c", currentName)
	for _, text := range []string{"", "\n", "..\n", "../../elsewhere\n", "a/b\n", "/etc\n"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), Options{Dir: dir, Collection: "c"}); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("current is %q: %v", text, err)
		}
	}
	if err := os.WriteFile(path, []byte("gone\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Dir: dir, Collection: "c"}); !errors.Is(err, store.ErrNoIndex) {
		t.Errorf("current names a folder that is not there: %v", err)
	}
}
