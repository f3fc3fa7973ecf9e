package saved_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/query/saved"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/storetest"
)

func label(name string) saved.Label {
	return saved.Label{
		Name: name, Vector: []float32{0.6, -0.8, 0}, Model: store.Model{Fingerprint: "f", Name: "m", Dim: 3},
		Like: []string{"/a b.jpg", "3f1c"}, Unlike: []string{"/c.jpg"}, Created: time.Date(2024, 5, 31, 1, 2, 3, 0, time.UTC),
	}
}

func TestSaveAndLoad(t *testing.T) {
	s := saved.Open(filepath.Join(t.TempDir(), "labels"))
	if list, failed := s.List(t.Context()); list != nil || failed != nil {
		t.Errorf("a folder that is not there holds %v, %v", list, failed)
	}
	want := label("Été 2024")
	if err := s.Save(t.Context(), want, saved.Keep); err != nil {
		t.Fatal(err)
	}
	got, err := s.Load(t.Context(), "été 2024") // whatever its case
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := s.Save(t.Context(), label("ÉTÉ 2024"), saved.Keep); !errors.Is(err, saved.ErrExists) {
		t.Errorf("the label was replaced: %v", err)
	}
	if err := s.Save(t.Context(), label("ÉTÉ 2024"), saved.Overwrite); err != nil {
		t.Error(err)
	}
	if err := s.Save(t.Context(), label("a"), saved.Keep); err != nil {
		t.Error(err)
	}
	list, failed := s.List(t.Context())
	if len(list) != 2 || list[0].Name != "a" || failed != nil {
		t.Errorf("List: %v, %v", list, failed)
	}
	if err := s.Remove(t.Context(), "A"); err != nil {
		t.Error(err)
	}
	if err := s.Remove(t.Context(), "a"); !errors.Is(err, saved.ErrUnknown) {
		t.Errorf("removed twice: %v", err)
	}
}

func TestNames(t *testing.T) {
	s := saved.Open(t.TempDir())
	for _, name := range []string{"", " a", "a ", "../a", "a/b", "1st", "a\x00", "a\n", "\xff", "#a", strings.Repeat("a", 101)} {
		if err := s.Save(t.Context(), label(name), saved.Keep); !errors.Is(err, saved.ErrName) {
			t.Errorf("%q was saved: %v", name, err)
		}
		if _, err := s.Load(t.Context(), name); !errors.Is(err, saved.ErrUnknown) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestModels(t *testing.T) {
	l := label("a")
	if v, err := l.VectorFor(l.Model); err != nil || len(v) != 3 {
		t.Errorf("%v, %v", v, err)
	}
	if _, err := l.VectorFor(store.Model{Fingerprint: "g", Name: "n", Dim: 3}); !errors.Is(err, saved.ErrModel) {
		t.Errorf("of another model: %v", err)
	}
}

func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	s := saved.Open(dir)
	for name, text := range map[string]string{
		"empty": "", "none": "{}", "newer": `{"version":9}`, "cut": `{"version":1,"name":"cut","vector":"AAA="}`,
		"zero": `{"version":1,"name":"zero","vector":"AAAAAA=="}`, "nan": `{"version":1,"name":"nan","vector":"AADAfw=="}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name+".json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Load(t.Context(), name); !errors.Is(err, saved.ErrDamaged) || !strings.Contains(err.Error(), name+".json") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Save(t.Context(), label("whole"), saved.Keep); err != nil {
		t.Fatal(err)
	}
	if list, failed := s.List(t.Context()); len(list) != 1 || len(failed) != 6 {
		t.Errorf("%d labels, %d that cannot be read", len(list), len(failed))
	}
}

// Labels are documents of the index; those of older versions are found in their files.
func TestLabelsBelongToTheIndex(t *testing.T) {
	dir, index := t.TempDir(), storetest.Documents{}
	if err := saved.Open(dir).Save(t.Context(), label("Été 2024"), saved.Keep); err != nil {
		t.Fatal(err)
	}
	here, elsewhere := saved.Open(dir).In(index), saved.Open(t.TempDir()).In(index)
	if _, err := here.Load(t.Context(), "été 2024"); err != nil {
		t.Errorf("the label of an older version: %v", err)
	}
	if err := here.Save(t.Context(), label("ÉTÉ 2024"), saved.Keep); !errors.Is(err, saved.ErrExists) {
		t.Errorf("the label of an older version was replaced: %v", err)
	}
	if err := here.Save(t.Context(), label("ÉTÉ 2024"), saved.Overwrite); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*saved.Labels{"here": here, "elsewhere": elsewhere} {
		if list, failed := s.List(t.Context()); len(list) != 1 || list[0].Name != "ÉTÉ 2024" || failed != nil {
			t.Errorf("%s: %v, %v", name, list, failed)
		}
	}
	theCopy := saved.Open(t.TempDir()).In(storetest.Documents{})
	for range 2 {
		if failed := here.CopyTo(t.Context(), theCopy); failed != nil {
			t.Error(failed)
		}
	}
	if err := elsewhere.Remove(t.Context(), "été 2024"); err != nil {
		t.Error(err)
	}
	if _, err := here.Load(t.Context(), "été 2024"); !errors.Is(err, saved.ErrUnknown) {
		t.Errorf("after it was removed elsewhere: %v", err)
	}
	if _, err := theCopy.Load(t.Context(), "été 2024"); err != nil {
		t.Errorf("the copy: %v", err)
	}
}
