package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

// mend does what indexer verify --repair does, and returns what was reported.
func mend(t *testing.T, o Options) (found, told []string) {
	t.Helper()
	note := func(to *[]string) func(string) { return func(text string) { *to = append(*to, text) } }
	o.Mode = store.ReadWrite
	s, err := Open(t.Context(), o)
	if errors.Is(err, store.ErrDamaged) {
		if err := Rescue(t.Context(), o, note(&found), note(&told)); err != nil {
			t.Fatalf("rescue: %v", err)
		}
		s, err = Open(t.Context(), o)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Repair(t.Context(), note(&found), note(&told)); err != nil {
		t.Fatalf("repair: %v", err)
	}
	return found, told
}

// recordsOf returns the records of an index by path.
func recordsOf(t *testing.T, s *Store) map[string]store.Record {
	t.Helper()
	out := map[string]store.Record{}
	for r, err := range s.Scan(t.Context(), nil, store.Fields{Vectors: true}) {
		if err != nil {
			t.Fatal(err)
		}
		out[r.Path] = r
	}
	return out
}

// TestRescue damages each page of a catalogue in turn and mends the index. It is sound then;
// every picture is there with its vector, and whatever differs from before was told by the
// picture's name.
func TestRescue(t *testing.T) {
	const records = 120
	sound := flipIndex(t, records)
	s := mustOpen(t, testOptions(sound))
	before := recordsOf(t, s)
	s.Close()
	whole, err := os.ReadFile(filepath.Join(sound, "c", catalogueName))
	if err != nil {
		t.Fatal(err)
	}
	step := 1
	if testing.Short() {
		step = 5
	}
	for page := 0; page < len(whole)/4096; page += step {
		o := testOptions(copyIndex(t, sound))
		b := slices.Clone(whole)
		b[4096*page+600] ^= 1
		if page%3 == 0 { // a block that was lost
			clear(b[4096*page : 4096*(page+1)])
		}
		if err := os.WriteFile(filepath.Join(o.Dir, "c", catalogueName), b, 0o644); err != nil {
			t.Fatal(err)
		}
		found, told := mend(t, o)
		text := strings.Join(append(found, told...), "\n")
		o.Mode = store.ReadOnly
		s := mustOpen(t, o)
		if err := s.Verify(t.Context(), func(p string) { t.Errorf("page %d: after the repair: %s\n%s", page+1, p, text) }); err != nil {
			t.Fatal(err)
		}
		after := recordsOf(t, s)
		differ := 0
		for path, want := range before {
			got, ok := after[path]
			if !ok {
				t.Fatalf("page %d: %s is lost\n%s", page+1, path, text)
			}
			if !slices.Equal(got.Vector, want.Vector) || got.ID != want.ID || got.Root != want.Root {
				t.Fatalf("page %d: %s has another vector, id or root", page+1, path)
			}
			if len(got.Tags) < len(want.Tags) || got.Size != want.Size || got.About != want.About {
				differ++
				if got.Size != -1 && len(got.Tags) == len(want.Tags) || got.Size == -1 && !strings.Contains(text, path) {
					t.Fatalf("page %d: %s differs and was not named: %v\n%s", page+1, path, got, text)
				}
			}
		}
		if len(after) != records {
			t.Errorf("page %d: %d records", page+1, len(after))
		}
		if differ > 0 && text == "" {
			t.Errorf("page %d: %d records differ, and nothing was reported", page+1, differ)
		}
		s.Close()
		// The index is written on.
		o.Mode = store.ReadWrite
		s = mustOpen(t, o)
		if err := s.Upsert(t.Context(), testBatch(records, records+5, 1)); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
}

// A log that was not folded in counts: what it holds is rescued as well.
func TestRescueWithALog(t *testing.T) {
	o := testOptions(t.TempDir())
	s := mustOpen(t, o)
	if err := s.Upsert(t.Context(), testBatch(0, 30, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	if err := s.Upsert(t.Context(), testBatch(30, 60, 1)); err != nil {
		t.Fatal(err)
	}
	dir := copyIndex(t, o.Dir) // as a killed process leaves it
	s.Close()
	o.Dir = dir
	patch(t, filepath.Join(dir, "c", catalogueName), 30, []byte("damaged header"))
	if err := Rescue(t.Context(), o, func(string) {}, func(string) {}); err != nil {
		t.Fatal(err)
	}
	mend(t, o)
	if n := len(checkWhole(t, mustOpen(t, o))); n != 60 {
		t.Errorf("%d records, want 60", n)
	}
}

func TestRescueOfNothing(t *testing.T) {
	o := testOptions(t.TempDir())
	mustFail(t, "Rescue", Rescue(t.Context(), o, nil, nil), store.ErrNoIndex)
	s := mustOpen(t, o)
	mustFail(t, "Rescue", Rescue(t.Context(), o, nil, nil), store.ErrLocked)
	s.Close()
}
