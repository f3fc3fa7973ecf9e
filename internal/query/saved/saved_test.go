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
)

func label(name string) saved.Label {
	return saved.Label{
		Name: name, Vector: []float32{0.6, -0.8, 0}, Model: store.Model{Fingerprint: "f", Name: "m", Dim: 3},
		Like: []string{"/a b.jpg", "3f1c"}, Unlike: []string{"/c.jpg"}, Created: time.Date(2024, 5, 31, 1, 2, 3, 0, time.UTC),
	}
}

func TestSaveAndLoad(t *testing.T) {
	s := saved.Open(filepath.Join(t.TempDir(), "labels"))
	if list, failed := s.List(); list != nil || failed != nil {
		t.Errorf("a folder that is not there holds %v, %v", list, failed)
	}
	want := label("Été 2024")
	if err := s.Save(want, saved.Keep); err != nil {
		t.Fatal(err)
	}
	got, err := s.Load("été 2024") // whatever its case
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := s.Save(label("ÉTÉ 2024"), saved.Keep); !errors.Is(err, saved.ErrExists) {
		t.Errorf("the label was replaced: %v", err)
	}
	if err := s.Save(label("ÉTÉ 2024"), saved.Overwrite); err != nil {
		t.Error(err)
	}
	if err := s.Save(label("a"), saved.Keep); err != nil {
		t.Error(err)
	}
	list, failed := s.List()
	if len(list) != 2 || list[0].Name != "a" || failed != nil {
		t.Errorf("List: %v, %v", list, failed)
	}
	if err := s.Remove("A"); err != nil {
		t.Error(err)
	}
	if err := s.Remove("a"); !errors.Is(err, saved.ErrUnknown) {
		t.Errorf("removed twice: %v", err)
	}
}

func TestNames(t *testing.T) {
	s := saved.Open(t.TempDir())
	for _, name := range []string{"", " a", "a ", "../a", "a/b", "1st", "a\x00", "a\n", "\xff", "#a", strings.Repeat("a", 101)} {
		if err := s.Save(label(name), saved.Keep); !errors.Is(err, saved.ErrName) {
			t.Errorf("%q was saved: %v", name, err)
		}
		if _, err := s.Load(name); !errors.Is(err, saved.ErrUnknown) {
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
		if _, err := s.Load(name); !errors.Is(err, saved.ErrDamaged) || !strings.Contains(err.Error(), name+".json") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Save(label("whole"), saved.Keep); err != nil {
		t.Fatal(err)
	}
	if list, failed := s.List(); len(list) != 1 || len(failed) != 6 {
		t.Errorf("%d labels, %d that cannot be read", len(list), len(failed))
	}
}
