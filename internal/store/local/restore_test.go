package local

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
)

// restored is an index with a backup of it, and what it holds.
func restored(t *testing.T) (o Options, from, base string, want map[string]store.Record) {
	t.Helper()
	o = Options{Dir: flipIndex(t, 50), Collection: "c"}
	from = filepath.Join(t.TempDir(), "backup")
	backup(t, o, from, 0)
	s := mustOpen(t, testOptions(o.Dir))
	defer s.Close()
	return o, from, filepath.Join(o.Dir, "c"), recordsOf(t, s)
}

// beside lists what lies beside an index.
func beside(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// A restore that was killed after it had moved the index away, on a system that cannot exchange
// two folders at once, costs nothing: whoever opens the index next brings it back.
func TestKilledWhileReplacing(t *testing.T) {
	for _, mode := range []store.Mode{store.ReadOnly, store.ReadWrite, store.Create} {
		o, from, base, want := restored(t)
		if err := os.Rename(base, base+replacedInfix+"1"); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(base+restoringInfix+"1", 0o755); err != nil {
			t.Fatal(err)
		}
		opened := testOptions(o.Dir)
		opened.Mode = mode
		s := mustOpen(t, opened)
		if diff := cmp.Diff(want, recordsOf(t, s)); diff != "" {
			t.Fatalf("%v (-before +brought back):\n%s", mode, diff)
		}
		s.Close()
		// What is half written goes with the next restore.
		if _, err := Restore(t.Context(), o, RestoreOptions{From: from, Force: true}); err != nil {
			t.Fatal(err)
		}
		if got := beside(t, o.Dir); !cmp.Equal(got, []string{"c"}) {
			t.Errorf("beside the index lie %q", got)
		}
	}
}

// A restore brings back what another one had moved away before it judges what is there.
func TestRestoreAfterKilledOne(t *testing.T) {
	o, from, base, want := restored(t)
	if err := os.Rename(base, base+replacedInfix+"1"); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), o, RestoreOptions{From: from}); !errors.Is(err, store.ErrExists) {
		t.Fatalf("without --force: %v", err)
	}
	s := mustOpen(t, testOptions(o.Dir))
	defer s.Close()
	if diff := cmp.Diff(want, recordsOf(t, s)); diff != "" {
		t.Errorf("(-before +brought back):\n%s", diff)
	}
}

// Two restores beside each other would take each other's folders for left ones.
func TestRestoresOneAtATime(t *testing.T) {
	o, from, _, _ := restored(t)
	unlock, err := lockFolder(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := lockFolder(o.Dir); err == nil {
		again()
		t.Skip("folders have no locks here")
	}
	if _, err := Restore(t.Context(), o, RestoreOptions{From: from, Force: true}); !errors.Is(err, store.ErrLocked) {
		t.Errorf("while another works: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), o, RestoreOptions{From: from, Force: true}); err != nil {
		t.Error(err)
	}
}

// A writer removes what a killed one was writing in the folder of the index.
func TestWriterTidies(t *testing.T) {
	o, _, base, _ := restored(t)
	old := time.Now().Add(-2 * time.Hour)
	for _, name := range []string{".sightline-12.tmp", ".sightline-12.tmp-journal"} {
		path := filepath.Join(base, name)
		if err := errors.Join(os.WriteFile(path, []byte("half"), 0o644), os.Chtimes(path, old, old)); err != nil {
			t.Fatal(err)
		}
	}
	mustOpen(t, testOptions(o.Dir)).Close()
	if left, err := filepath.Glob(filepath.Join(base, ".sightline-*")); err != nil || len(left) > 0 {
		t.Errorf("left are %q, %v", left, err)
	}
}
