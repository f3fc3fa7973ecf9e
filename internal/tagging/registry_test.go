package tagging

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store/storetest"
)

func ids(t *testing.T, g *Registry) []string {
	t.Helper()
	runs, err := g.Runs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(runs))
	for i, r := range runs {
		out[i] = r.ID
	}
	return out
}

// A run that one machine did is known to every other, and to a copy of the index.
func TestRunsBelongToTheIndex(t *testing.T) {
	index, beside := storetest.Documents{}, storetest.Documents{"runs/other.txt": nil, "labels/x": nil}
	here, there := OpenRegistry(t.TempDir()).In(index), OpenRegistry(t.TempDir()).In(index)
	run := func(id string, at int64) Run {
		return Run{ID: id, Started: time.Unix(at, 0), Resumed: time.Unix(at, 0)}
	}
	for _, r := range []Run{run("bbbbbbbbbbbb", 1), run("aaaaaaaaaaaa", 2)} {
		if err := here.Save(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := ids(t, there), []string{"bbbbbbbbbbbb", "aaaaaaaaaaaa"}; !slices.Equal(got, want) {
		t.Errorf("elsewhere there are %v, want %v", got, want)
	}
	if r, err := there.Find(t.Context(), "last"); err != nil || r.ID != "aaaaaaaaaaaa" {
		t.Errorf("the last is %q, %v", r.ID, err)
	}
	theCopy := OpenRegistry(t.TempDir()).In(beside)
	for range 2 {
		if err := here.CopyTo(t.Context(), theCopy); err != nil {
			t.Fatal(err)
		}
	}
	if err := there.Forget(t.Context(), "bbbbbbbbbbbb"); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, here); !slices.Equal(got, []string{"aaaaaaaaaaaa"}) {
		t.Errorf("after one was forgotten elsewhere there are %v", got)
	}
	if got := ids(t, theCopy); len(got) != 2 {
		t.Errorf("the copy knows %v", got)
	}
	for _, name := range []string{"../x", "", "zzzz"} {
		if _, err := here.Load(t.Context(), name); !errors.Is(err, ErrNoRun) {
			t.Errorf("Load(%q) = %v", name, err)
		}
	}
}

// A run that cannot be read keeps nobody from the others, and is named.
func TestDamagedRun(t *testing.T) {
	index := storetest.Documents{}
	g := OpenRegistry(t.TempDir()).In(index)
	for _, id := range []string{"aaaaaaaaaaaa", "bbbbbbbbbbbb"} {
		if err := g.Save(t.Context(), Run{ID: id, Tags: 1}); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"{", `{"id":"aaaaaaaaaaaa"}`, ""} {
		index[documentOf("cccccccccccc")] = []byte(text)
		runs, damaged, err := g.All(t.Context())
		if err != nil || len(runs) != 2 || len(damaged) != 1 || !errors.Is(damaged[0], ErrDamaged) || !strings.Contains(damaged[0].Error(), "cccccccccccc") {
			t.Errorf("%q: %d runs, %v, %v", text, len(runs), damaged, err)
		}
		if r, err := g.Find(t.Context(), "aaaa"); err != nil || r.ID != "aaaaaaaaaaaa" {
			t.Errorf("%q: another run is %q, %v", text, r.ID, err)
		}
		for _, name := range []string{"cccccccccccc", "last"} { // nobody knows when it was
			if _, err := g.Find(t.Context(), name); !errors.Is(err, ErrDamaged) {
				t.Errorf("%q: %s: %v", text, name, err)
			}
		}
		theCopy := OpenRegistry(t.TempDir()).In(storetest.Documents{})
		if err := g.CopyTo(t.Context(), theCopy); err != nil || len(ids(t, theCopy)) != 2 {
			t.Errorf("%q: the copy has %v, %v", text, ids(t, theCopy), err)
		}
	}
	if err := g.Save(t.Context(), Run{ID: "cccccccccccc"}); err != nil || len(ids(t, g)) != 3 {
		t.Errorf("written anew: %v, %v", ids(t, g), err)
	}
}

// Runs that older versions kept in files are found, and become documents with the next.
func TestRunsInFilesBecomeDocuments(t *testing.T) {
	dir, index := t.TempDir(), storetest.Documents{}
	old := OpenRegistry(dir)
	for _, id := range []string{"aaaaaaaaaaaa", "bbbbbbbbbbbb"} {
		if err := old.Save(t.Context(), Run{ID: id, Tags: 1}); err != nil {
			t.Fatal(err)
		}
	}
	g := OpenRegistry(dir).In(index)
	if got := ids(t, g); len(got) != 2 || len(index) != 0 {
		t.Errorf("found %v, and %d documents were made by looking", got, len(index))
	}
	// A document is newer than the file that it was made of.
	index[documentOf("bbbbbbbbbbbb")] = []byte(`{"id":"bbbbbbbbbbbb","tags":7}`)
	if err := g.Save(t.Context(), Run{ID: "cccccccccccc"}); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.json")); err != nil || len(left) != 0 || len(index) != 3 {
		t.Errorf("files %v are left, and there are %d documents, %v", left, len(index), err)
	}
	if r, err := g.Load(t.Context(), "bbbbbbbbbbbb"); err != nil || r.Tags != 7 {
		t.Errorf("%+v, %v", r, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "dddddddddddd.json"), []byte(`{"id":"dddddddddddd"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := g.Forget(t.Context(), "dddddddddddd"); err != nil || len(ids(t, g)) != 3 {
		t.Errorf("%v, and there are %v", err, ids(t, g))
	}
}
