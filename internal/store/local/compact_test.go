package local

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

func TestCompact(t *testing.T) {
	o := testOptions(t.TempDir())
	s := mustOpen(t, o)
	if err := s.Compact(t.Context()); err != nil { // nothing is free
		t.Fatal(err)
	}
	if got := filepath.Base(vectorFileOf(t, o.Dir)); got != "vectors-000001.f32" {
		t.Errorf("a needless compaction wrote %s", got)
	}
	for name, free := range map[string]func(n int) bool{
		"every third": func(n int) bool { return n%3 == 0 },
		"the first":   func(n int) bool { return n < 30 },
		"the last":    func(n int) bool { return n >= 70 },
		"none":        func(int) bool { return false },
		"all":         func(int) bool { return true },
	} {
		t.Run(name, func(t *testing.T) {
			if err := s.Upsert(t.Context(), testBatch(0, 100, 1)); err != nil {
				t.Fatal(err)
			}
			if err := s.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
			var gone []string
			for n := range 100 {
				if free(n) {
					gone = append(gone, testRecord(n, 1).ID)
				}
			}
			if err := s.Delete(t.Context(), gone); err != nil {
				t.Fatal(err)
			}
			if err := s.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
			if v := checkWhole(t, s); len(v) != 100-len(gone) {
				t.Errorf("%d records are left, want %d", len(v), 100-len(gone))
			}
			info, err := os.Stat(vectorFileOf(t, o.Dir))
			if err != nil || info.Size() != vectorOffset(testDim, int64(100-len(gone))) {
				t.Errorf("the file has %d bytes for %d records, %v", info.Size(), 100-len(gone), err)
			}
		})
	}
}

// A reader that looks at an old snapshot keeps it through a compaction; one that
// comes back sees the new file.
func TestCompactUnderReaders(t *testing.T) {
	o := testOptions(t.TempDir())
	s := mustOpen(t, o)
	for version := 1; version <= 2; version++ {
		if err := s.Upsert(t.Context(), testBatch(0, 2000, version)); err != nil {
			t.Fatal(err)
		}
	}
	o.Mode = store.ReadOnly
	r := mustOpen(t, o)
	seen := 0
	for rec, err := range r.Scan(t.Context(), nil, store.Fields{Vectors: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if seen == 0 {
			if err := s.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.Upsert(t.Context(), testBatch(0, 2000, 3)); err != nil {
				t.Fatal(err)
			}
		}
		if want := testRecord(rec.Width, 2); !slices.Equal(rec.Vector, want.Vector) {
			t.Fatalf("record %d changed under the reader", rec.Width)
		}
		seen++
	}
	if seen != 2000 {
		t.Errorf("%d records", seen)
	}
	if v := checkWhole(t, r); len(v) != 2000 || v[0] != 3 {
		t.Errorf("the reader still sees the old index: %d records, version %d", len(v), v[0])
	}
}

// TestReadersWhileCompacting searches through another handle, as another process
// would, while the file is compacted again and again.
func TestReadersWhileCompacting(t *testing.T) {
	o := testOptions(t.TempDir())
	s := mustOpen(t, o)
	if err := s.Upsert(t.Context(), testBatch(0, 50, 0)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		for version := 1; version <= 60; version++ {
			if err := s.Upsert(t.Context(), testBatch(0, 50, version)); err != nil {
				done <- err
				return
			}
			if err := s.Compact(t.Context()); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	q := store.Query{Vectors: vec.NewMatrix(1, testDim), K: 100, MinScore: -1}
	q.Vectors.Data[0] = 1
	o.Mode = store.ReadOnly
	for searches := 0; ; searches++ {
		select {
		case err := <-done:
			if err != nil || searches == 0 {
				t.Errorf("%d searches, the writer ended with %v", searches, err)
			}
			return
		default:
		}
		r := mustOpen(t, o)
		for range 2 {
			hits, err := r.Search(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if err := oneVersion(hits[0], 50); err != nil {
				t.Fatal(err)
			}
		}
		r.Close()
	}
}

// A compaction can remove the file between a reader's view of the catalogue and its
// opening of the file. The reader begins again.
func TestCompactOvertakesReader(t *testing.T) {
	o := testOptions(t.TempDir())
	s := mustOpen(t, o)
	o.Mode = store.ReadOnly
	r := mustOpen(t, o)
	version := 0
	r.maps.opening = func() {
		if version++; version > 3 {
			return
		}
		if err := s.Upsert(t.Context(), testBatch(0, 20, version)); err != nil {
			t.Error(err)
		}
		if err := s.Upsert(t.Context(), testBatch(0, 10, version)); err != nil {
			t.Error(err)
		}
		if err := s.Compact(t.Context()); err != nil {
			t.Error(err)
		}
	}
	q := store.Query{Vectors: vec.NewMatrix(1, testDim), K: 100, MinScore: -1}
	q.Vectors.Data[0] = 1
	hits, err := r.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if err := oneVersion(hits[0], 20); err != nil || hits[0][0].Size != 3 || version != 4 {
		t.Errorf("after %d attempts: version %d, %v", version, hits[0][0].Size, err)
	}
}

func oneVersion(hits []store.Hit, n int) error {
	if len(hits) != n {
		return fmt.Errorf("%d hits, want %d", len(hits), n)
	}
	for _, h := range hits {
		want := testRecord(h.Width, int(h.Size)).Vector[0]
		if h.Size != hits[0].Size || h.Score-want > 1e-6 || want-h.Score > 1e-6 {
			return fmt.Errorf("record %d of version %d (beside %d) scores %v, want %v", h.Width, h.Size, hits[0].Size, h.Score, want)
		}
	}
	return nil
}

func TestCloseCompacts(t *testing.T) {
	o := testOptions(t.TempDir())
	s := mustOpen(t, o)
	n := compactMinFree + 100
	for version := 1; version <= 2; version++ {
		if err := s.Upsert(t.Context(), testBatch(0, n, version)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(vectorFileOf(t, o.Dir))
	if err != nil || info.Size() != vectorOffset(testDim, int64(n)) {
		t.Errorf("%v bytes after Close, %v", info.Size(), err)
	}
	if v := checkWhole(t, mustOpen(t, o)); len(v) != n || v[n-1] != 2 {
		t.Errorf("%d records", len(v))
	}
}

// What an interrupted compaction leaves is removed by the next writer, not by a
// reader.
func TestStrayFiles(t *testing.T) {
	o := testOptions(t.TempDir())
	s := mustOpen(t, o)
	if err := s.Upsert(t.Context(), testBatch(0, 5, 1)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	stray, kept := s.vectorPath(2), filepath.Join(s.dir, "vectors-mine.f32")
	for _, name := range []string{stray, kept} {
		if err := os.WriteFile(name, []byte("half written"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	o.Mode = store.ReadOnly
	checkWhole(t, mustOpen(t, o))
	if _, err := os.Stat(stray); err != nil {
		t.Errorf("a reader removed a file: %v", err)
	}
	o.Mode = store.ReadWrite
	checkWhole(t, mustOpen(t, o))
	if _, err := os.Stat(stray); err == nil {
		t.Error("the stray file is still there")
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("a file that is not ours was removed: %v", err)
	}
}

// The pages of the catalogue that many deleted records leave are given back with the rows.
func TestCloseGivesSpaceBack(t *testing.T) {
	o := testOptions(t.TempDir())
	s := mustOpen(t, o)
	const n = 6000
	if err := s.Upsert(t.Context(), testBatch(0, n, 1)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	size := func() int64 {
		info, err := os.Stat(s.cataloguePath())
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	s = mustOpen(t, o)
	var gone []string
	for i := range n - 100 {
		gone = append(gone, testRecord(i, 1).ID)
	}
	if err := s.Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if after := size(); after*4 > before {
		t.Errorf("the catalogue has %d bytes, and had %d before nearly all was deleted", after, before)
	}
	s = mustOpen(t, o)
	if v := checkWhole(t, s); len(v) != 100 {
		t.Errorf("%d records are left", len(v))
	}
	info, err := os.Stat(vectorFileOf(t, o.Dir))
	if err != nil || info.Size() != vectorOffset(testDim, 100) {
		t.Errorf("the vector file: %v, %v", info, err)
	}
}
