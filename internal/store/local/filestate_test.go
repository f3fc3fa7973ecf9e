package local

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
)

// rosterOf is what the store lists, and the same by way of a scan.
func rosterOf(t *testing.T, s *Store) (listed, scanned map[uint64]uint64) {
	t.Helper()
	listed, scanned = map[uint64]uint64{}, map[uint64]uint64{}
	for p, err := range s.FileStates(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := listed[p.Key]; twice {
			t.Errorf("key %x comes twice", p.Key)
		}
		listed[p.Key] = p.StatHash
	}
	for r, err := range s.Scan(t.Context(), nil, store.Fields{}) {
		if err != nil {
			t.Fatal(err)
		}
		scanned[store.FileKey(r.ID)] = store.StatHash(r.Size, r.ModTime, r.MetadataStamp)
	}
	return listed, scanned
}

// The roster says what the catalogue says: without a file, with one, with one that is
// behind, after deletions, after a compaction, and whatever happened to the file.
func TestFileStates(t *testing.T) {
	o := Options{Dir: t.TempDir(), Collection: "c", Mode: store.Create, cachesFrom: 100,
		Model: store.Model{Fingerprint: "f", Name: "m", Dim: 8}}
	rng := rand.New(rand.NewPCG(1, 2))
	open := func() *Store {
		t.Helper()
		s, err := Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	check := func(s *Store, state string, want int) {
		t.Helper()
		listed, scanned := rosterOf(t, s)
		if diff := cmp.Diff(scanned, listed); diff != "" || len(listed) != want {
			t.Errorf("%s: %d entries, want %d (-scan +roster):\n%s", state, len(listed), want, diff)
		}
	}
	s := open()
	check(s, "empty", 0)
	records := benchRecords(rng, 0, 300, 8)
	if err := s.Upsert(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	check(s, "no file yet", 300)
	path := fileStateFile.path(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != int64(fileStateFile.headSize()+300*fileStateEntry) {
		t.Fatalf("the file: %v, %v", info, err)
	}
	s = open()
	check(s, "from the file", 300)
	changed := records[:10]
	for i := range changed {
		changed[i].Size++
	}
	if err := s.Upsert(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), []string{records[20].ID, records[21].ID}); err != nil {
		t.Fatal(err)
	}
	check(s, "a file that is behind", 298)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for state, damaged := range map[string][]byte{
		"an empty file": {}, "a cut file": whole[:len(whole)-20], "a flipped bit": flip(whole, len(whole)-5), "another index": flip(whole, 20),
		"another version": flip(whole, 8), "more rows than there are": append(bytes.Clone(whole), make([]byte, 64*fileStateEntry)...),
	} {
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		s = open()
		check(s, state, 298)
		s.Close()
	}
}

// An entry that is wrong would hide a change: the file is made of the catalogue alone.
func TestFileStatesAfterCompaction(t *testing.T) {
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Collection: "c", Mode: store.Create, cachesFrom: 100,
		Model: store.Model{Fingerprint: "f", Name: "m", Dim: 8}})
	if err != nil {
		t.Fatal(err)
	}
	records := benchRecords(rand.New(rand.NewPCG(1, 2)), 0, 500, 8)
	if err := s.Upsert(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.keepFileStates(t.Context(), 0)
	s.mu.Unlock()
	gone := map[string]bool{}
	for _, r := range records[:200] {
		gone[r.ID] = true
	}
	ids := make([]string, 0, len(gone))
	for id := range maps.Keys(gone) {
		ids = append(ids, id)
	}
	if err := s.Delete(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	listed, scanned := rosterOf(t, s)
	if diff := cmp.Diff(scanned, listed); diff != "" || len(listed) != 300 {
		t.Errorf("%d entries (-scan +roster):\n%s", len(listed), diff)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}
