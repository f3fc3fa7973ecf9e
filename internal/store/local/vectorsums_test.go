package local

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

const (
	sumDim   = 32
	sumCount = 3000
)

func sumOptions(dir string) Options {
	return Options{Dir: dir, Collection: "c", Mode: store.Create, cachesFrom: 1000,
		Model: store.Model{Fingerprint: "f", Name: "m", Dim: sumDim}}
}

// searchIDs returns the ids of the best records for a few queries.
func searchIDs(t *testing.T, s *Store) [][]string {
	t.Helper()
	rng := rand.New(rand.NewPCG(9, 9))
	v := vec.NewMatrix(4, sumDim)
	for q := range v.Rows {
		randomUnit(rng, v.Row(q))
	}
	found, err := s.Search(t.Context(), store.Query{Vectors: v, K: 20, MinScore: -1})
	if err != nil {
		t.Fatal(err)
	}
	out := make([][]string, len(found))
	for q := range found {
		for _, h := range found[q] {
			out[q] = append(out[q], h.ID)
		}
	}
	return out
}

// TestFlippedBits flips bits in every file of an index, one at a time. Searches find what
// they found before, but for pictures that are named as damaged; what is not searched is
// found by Verify, and mended by Repair.
func TestFlippedBits(t *testing.T) {
	if testing.Short() {
		t.Skip("nothing for the race detector that searches do not give it")
	}
	sound := t.TempDir()
	s := mustOpen(t, sumOptions(sound))
	records := benchRecords(rand.New(rand.NewPCG(1, 2)), 0, sumCount, sumDim)
	for i := range records {
		records[i].Tags = []store.Tag{{Label: "kept", Source: "user"}}
	}
	if err := s.Upsert(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	want := searchIDs(t, s)
	s.Close()
	rng := rand.New(rand.NewPCG(3, 4))
	for _, name := range []string{"vectors-000001.f32", "codes-000001.u8", "codes.sum", "roster.bin", "attributes.bin", "tags.bin"} {
		for round := range chaosRounds(3, 60) {
			t.Run(fmt.Sprint(name, " ", round), func(t *testing.T) {
				dir := copyIndex(t, sound)
				path := filepath.Join(dir, "c", name)
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				at := rng.IntN(len(b))
				if strings.HasSuffix(name, ".f32") || strings.HasSuffix(name, ".u8") {
					at = headerSize + rng.IntN(len(b)-headerSize)
				}
				b[at] ^= 1 << rng.IntN(8)
				if err := os.WriteFile(path, b, 0o644); err != nil {
					t.Fatal(err)
				}
				checkMended(t, dir, want, name == "vectors-000001.f32")
			})
		}
	}
	for name, spoil := range map[string]func(b []byte){
		"vectors swapped": func(b []byte) {
			x, y := b[vectorOffset(sumDim, 7):][:4*sumDim], b[vectorOffset(sumDim, 8):][:4*sumDim]
			for i := range x {
				x[i], y[i] = y[i], x[i]
			}
		},
		"vector negated": func(b []byte) {
			for i := range sumDim {
				b[vectorOffset(sumDim, 99)+int64(4*i)+3] ^= 0x80
			}
		},
		"vectors zeroed": func(b []byte) { clear(b[vectorOffset(sumDim, 1000):vectorOffset(sumDim, 1100)]) },
		"header":         func(b []byte) { b[5] ^= 1 },
	} {
		t.Run(name, func(t *testing.T) {
			dir := copyIndex(t, sound)
			path := filepath.Join(dir, "c", "vectors-000001.f32")
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			spoil(b)
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
			checkMended(t, dir, want, name != "header")
		})
	}
	t.Run("codes inverted", func(t *testing.T) {
		dir := copyIndex(t, sound)
		path := filepath.Join(dir, "c", "codes-000001.u8")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b[headerSize:] {
			b[headerSize+i] ^= 0xff
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		checkMended(t, dir, want, false)
	})
	t.Run("file cut", func(t *testing.T) {
		dir := copyIndex(t, sound)
		shorten(t, filepath.Join(dir, "c", "vectors-000001.f32"), 4*sumDim*10)
		checkMended(t, dir, nil, true)
	})
}

// checkMended searches an index, verifies and repairs it, and lets a run read again what is
// lost.
func checkMended(t *testing.T, dir string, want [][]string, lost bool) {
	t.Helper()
	o := sumOptions(dir)
	o.Mode = store.ReadOnly
	s := mustOpen(t, o)
	var damaged []string
	examined, err := s.examine(t.Context(), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if examined.file == false {
		sn, err := s.snapshot(t.Context(), catalogueOnly)
		if err != nil {
			t.Fatal(err)
		}
		byRow, err := sn.byRowIDs(t.Context(), examined.vectors)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range byRow {
			damaged = append(damaged, r.ID)
		}
		sn.release()
		if lost != (len(damaged) > 0) {
			t.Errorf("damaged: %v", damaged)
		}
		for q, ids := range searchIDs(t, s) {
			left := slices.DeleteFunc(slices.Clone(want[q]), func(id string) bool { return slices.Contains(damaged, id) })
			if len(ids) != 20 || !slices.Equal(ids[:len(left)], left) {
				t.Errorf("query %d found %d, not what it found before without %v", q, len(ids), damaged)
			}
		}
	}
	s.Close()
	o.Mode = store.ReadWrite
	s = mustOpen(t, o)
	var told []string
	if err := s.Repair(t.Context(), func(string) {}, func(text string) { told = append(told, text) }); err != nil {
		t.Fatal(err)
	}
	// What a run does: it reads again what does not look as its file does.
	var again []store.Record
	records := benchRecords(rand.New(rand.NewPCG(1, 2)), 0, sumCount, sumDim)
	have, err := s.Get(t.Context(), idsOf(records, func(r *store.Record) string { return r.ID }))
	if err != nil || len(have) != len(records) {
		t.Fatalf("%d of %d records, %v", len(have), len(records), err)
	}
	for i, r := range records {
		if r.ID != have[i].ID || len(have[i].Tags) != 1 {
			t.Fatalf("record %s is %v", r.Path, have[i])
		}
		if r.Tags = have[i].Tags; have[i].Size != r.Size {
			again = append(again, r)
		}
	}
	if lost != (len(again) > 0) {
		t.Errorf("%d records are read again", len(again))
	}
	if err := s.Upsert(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	var left []string
	if err := s.Verify(t.Context(), func(p string) { left = append(left, p) }); err != nil || len(left) > 0 {
		t.Errorf("after repair (%q): %q, %v", told, left, err)
	}
	if diff := cmp.Diff(want, searchIDs(t, s)); want != nil && diff != "" {
		t.Errorf("after repair (-before +after):\n%s", diff)
	}
}

// A record whose vector is damaged is no obstacle to a run, and no source of embeddings.
func TestDamagedVectorIsNotReused(t *testing.T) {
	o := testOptions(t.TempDir())
	s := mustOpen(t, o)
	if err := s.Upsert(t.Context(), testBatch(0, 4, 1)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	patch(t, vectorFileOf(t, o.Dir), vectorOffset(testDim, 2), make([]byte, 4*testDim))
	s = mustOpen(t, o)
	found, err := s.FindContent(t.Context(), make([]byte, 32), 10)
	if err != nil || len(found) != 3 {
		t.Errorf("found %d, %v", len(found), err)
	}
	got, err := s.Get(t.Context(), []string{testRecord(2, 1).ID})
	if err != nil || len(got) != 1 || got[0].Vector != nil || len(got[0].Tags) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
	if err := s.Upsert(t.Context(), testBatch(2, 3, 1)); err != nil {
		t.Fatal(err)
	}
	checkWhole(t, s)
}

// Compaction moves vectors, and does not make a damaged one sound.
func TestCompactionKeepsSums(t *testing.T) {
	o := sumOptions(t.TempDir())
	s := mustOpen(t, o)
	records := benchRecords(rand.New(rand.NewPCG(1, 2)), 0, 2000, sumDim)
	if err := s.Upsert(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	s.Close()
	patch(t, vectorFileOf(t, o.Dir), vectorOffset(sumDim, 1999), make([]byte, 4))
	s = mustOpen(t, o)
	for _, r := range records[:100] {
		if err := s.Delete(t.Context(), []string{r.ID}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	d, err := s.examine(context.Background(), func(string) {})
	if err != nil || len(d.vectors) != 1 || d.codes {
		t.Errorf("%+v, %v", d, err)
	}
}

// An index from before there were checksums gets them from the next writer.
func TestSumsOfAnOldIndex(t *testing.T) {
	o := testOptions(t.TempDir())
	s := mustOpen(t, o)
	if err := s.Upsert(t.Context(), testBatch(0, 40, 1)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	execCatalogue(t, o.Dir, "DROP TABLE sums")
	o.Mode = store.ReadOnly
	s = mustOpen(t, o)
	checkWhole(t, s)
	s.Close()
	o.Mode = store.ReadWrite
	mustOpen(t, o).Close()
	patch(t, vectorFileOf(t, o.Dir), vectorOffset(testDim, 11)+1, []byte{0x77})
	s = mustOpen(t, o)
	if d, err := s.examine(t.Context(), func(string) {}); err != nil || !slices.Equal(d.vectors, []int64{11}) {
		t.Errorf("%+v, %v", d, err)
	}
}

// A vector file that is cut while it is searched ends in an error.
func TestFileCutWhileMapped(t *testing.T) {
	for _, name := range []string{"vectors-000001.f32", "codes-000001.u8"} {
		o := sumOptions(t.TempDir())
		s := mustOpen(t, o)
		if err := s.Upsert(t.Context(), benchRecords(rand.New(rand.NewPCG(1, 2)), 0, 3000, sumDim)); err != nil {
			t.Fatal(err)
		}
		s.Close()
		s = mustOpen(t, o)
		searchIDs(t, s)
		sn, err := s.snapshot(t.Context(), withVectors) // holds the mapping
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(o.Dir, "c", name), headerSize); err != nil {
			t.Fatal(err)
		}
		v := vec.NewMatrix(1, sumDim)
		v.Data[0] = 1
		q := store.Query{Vectors: v, K: 5, MinScore: -1}
		if _, err := s.searchRows(t.Context(), sn, q, full(sn.rowCount)); err == nil {
			t.Errorf("%s: a search over a mapping whose file is cut succeeds", name)
		} else {
			mustFail(t, name, err, store.ErrDamaged)
		}
		sn.release()
		_, err = s.Search(t.Context(), q)
		if name == "vectors-000001.f32" {
			mustFail(t, name, err, store.ErrDamaged)
		} else if err != nil {
			t.Errorf("codes that are cut are in the way of a search: %v", err)
		}
	}
}
