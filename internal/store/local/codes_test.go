//go:build (linux || darwin) && (amd64 || arm64) && !nommap

package local

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/storetest"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/vec/sq8"
)

func TestContractWithCodes(t *testing.T) {
	dir := t.TempDir()
	storetest.Run(t, func(ctx context.Context, index string, m store.Model) (store.Store, error) {
		return Open(ctx, Options{Dir: dir, Collection: index, Mode: store.Create, Model: m, SQ8: sq8.Kernel{}, cachesFrom: 1})
	}, storetest.Opts{MeetingOnly: testing.Short()})
}

const codesDim = 24

// clusteredRecords lie around a few directions, as pictures do, some of them equal.
func clusteredRecords(rng *rand.Rand, n int) []store.Record {
	centres := make([][]float32, 20)
	for i := range centres {
		centres[i] = make([]float32, codesDim)
		randomUnit(rng, centres[i])
	}
	out := make([]store.Record, n)
	for i := range out {
		path := fmt.Sprintf("/p/%d/%d.jpg", i%7, i)
		v := make([]float32, codesDim)
		if i%10 == 9 {
			copy(v, out[i-1].Vector)
		} else {
			randomUnit(rng, v)
			for j, x := range centres[rng.IntN(len(centres))] {
				v[j] = 0.1*v[j] + x
			}
			if err := vec.Normalize(v); err != nil {
				panic(err)
			}
		}
		out[i] = store.Record{ID: store.ID("c", path), Path: path, Root: "/p", ContentHash: make([]byte, 32), Width: 1, Height: 1, Format: "jpeg", Vector: v}
	}
	return out
}

// codesStore is an index of 3,000 records with codes for most of them, some deleted.
func codesStore(t *testing.T) (Options, []store.Record) {
	t.Helper()
	o := Options{Dir: t.TempDir(), Collection: "c", Mode: store.Create, SQ8: sq8.Kernel{}, cachesFrom: 1,
		Model: store.Model{Fingerprint: "f00d", Name: "test", Dim: codesDim}}
	s := mustOpen(t, o)
	records := clusteredRecords(rand.New(rand.NewPCG(1, 2)), 3000)
	for from := 0; from < len(records); from += 500 {
		if err := s.Upsert(t.Context(), records[from:from+500]); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Delete(t.Context(), []string{records[3].ID, records[9].ID, records[1000].ID}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o.Mode = store.ReadOnly
	return o, records
}

// sameAsExact searches in many ways, with and without codes, and compares.
func sameAsExact(t *testing.T, o Options) {
	t.Helper()
	with := mustOpen(t, o)
	defer with.Close()
	o.Float32Only = true
	exact := mustOpen(t, o)
	defer exact.Close()
	rng := rand.New(rand.NewPCG(3, 4))
	for _, count := range []int{1, 3, 40} {
		q := store.Query{Vectors: vec.NewMatrix(count, codesDim)}
		for i := range count {
			randomUnit(rng, q.Vectors.Row(i))
		}
		for _, k := range []int{1, 10, 5000 / count / count} {
			for _, min := range []float32{-1, 0.3} {
				for _, f := range []store.Filter{nil, store.Under("/p/3")} {
					q.K, q.MinScore, q.Filter = k, min, f
					got, err := with.Search(t.Context(), q)
					if err != nil {
						t.Fatal(err)
					}
					want, err := exact.Search(t.Context(), q)
					if err != nil {
						t.Fatal(err)
					}
					if w, g := outline(want), outline(got); w != g {
						t.Fatalf("%d queries, k %d, min %v, filter %v: exactly\n%.2000s\nwith codes\n%.2000s", count, k, min, f, w, g)
					}
				}
			}
		}
	}
}

// outline is the ids and scores of results.
func outline(results [][]store.Hit) string {
	var b strings.Builder
	for _, hits := range results {
		for _, h := range hits {
			fmt.Fprintln(&b, h.ID, h.Score)
		}
		fmt.Fprintln(&b, "-")
	}
	return b.String()
}

func TestCodesChangeNoResult(t *testing.T) {
	if testing.Short() {
		t.Skip("results of one goroutine: slow under the race detector")
	}
	o, records := codesStore(t)
	s := mustOpen(t, o)
	sn, err := s.snapshot(t.Context(), withVectors)
	if err != nil {
		t.Fatal(err)
	}
	if got := sn.vectors.codes.covered(); got < 2900 {
		t.Errorf("%d of %d rows have codes", got, sn.rowCount)
	}
	sn.release()
	sameAsExact(t, o)

	// Without the first pass the comparison would compare nothing.
	s.codes = refusingCodes{}
	q := store.Query{Vectors: vec.Matrix{Data: records[0].Vector, Rows: 1, Cols: codesDim}, K: 3}
	if _, err := s.Search(t.Context(), q); err == nil {
		t.Error("the codes are not used")
	}
}

type refusingCodes struct{}

func (refusingCodes) ScoreCodes(context.Context, sq8.Codes, *sq8.Queries, []int32) error {
	return fmt.Errorf("refused")
}

// Codes that are missing, short or damaged cost speed and nothing else, and the next
// writer rebuilds them.
func TestDamagedCodes(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine: nothing for the race detector, which runs the short tests")
	}
	for name, damage := range map[string]func(path string, data []byte) error{
		"missing":        func(path string, _ []byte) error { return os.Remove(path) },
		"empty":          func(path string, _ []byte) error { return os.Truncate(path, 0) },
		"short":          func(path string, data []byte) error { return os.Truncate(path, int64(len(data)/2)) },
		"header alone":   func(path string, _ []byte) error { return os.Truncate(path, headerSize) },
		"other magic":    func(path string, data []byte) error { data[0]++; return os.WriteFile(path, data, 0o644) },
		"other identity": func(path string, data []byte) error { data[30]++; return os.WriteFile(path, data, 0o644) },
		"more rows":      func(path string, data []byte) error { data[42]++; return os.WriteFile(path, data, 0o644) },
		"a folder": func(path string, _ []byte) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.Mkdir(path, 0o755)
		},
		"never written": func(path string, data []byte) error {
			clear(data[headerSize+1000*sq8.CodeSize(codesDim) : headerSize+1200*sq8.CodeSize(codesDim)])
			return os.WriteFile(path, data, 0o644)
		},
	} {
		t.Run(name, func(t *testing.T) {
			o, _ := codesStore(t)
			s := mustOpen(t, o)
			path := s.codePath(1)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			whole := append([]byte(nil), data...)
			if err := damage(path, data); err != nil {
				t.Fatal(err)
			}
			sameAsExact(t, o)
			o.Mode = store.ReadWrite
			if err := mustOpen(t, o).Close(); err != nil {
				t.Fatal(err)
			}
			o.Mode = store.ReadOnly
			sameAsExact(t, o)
			if name == "never written" {
				return // which the header does not tell; Verify does
			}
			if data, err = os.ReadFile(path); err != nil || !cmp.Equal(data, whole) {
				t.Errorf("the codes were not rebuilt: %d of %d bytes, %v", len(data), len(whole), err)
			}
		})
	}
}

func TestVerifyCodes(t *testing.T) {
	o, _ := codesStore(t)
	s := mustOpen(t, o)
	problems := func() (n int) {
		if err := s.Verify(t.Context(), func(string) { n++ }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := problems(); n != 0 {
		t.Errorf("%d problems in a sound index", n)
	}
	f, err := os.OpenFile(s.codePath(1), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte{0}, codeOffset(codesDim, 77)+3); err != nil {
		t.Fatal(err)
	}
	if n := problems(); n != 1 {
		t.Errorf("%d problems, want 1", n)
	}
}

// A search that goes on while an index grows finds the new codes, and a compaction
// leaves codes of the new generation alone.
func TestCodesFollow(t *testing.T) {
	o, records := codesStore(t)
	o.cachesFrom = 100
	reader := mustOpen(t, o)
	covered := func() int64 {
		sn, err := reader.snapshot(t.Context(), withVectors)
		if err != nil {
			t.Fatal(err)
		}
		defer sn.release()
		return sn.vectors.codes.covered()
	}
	before := covered()
	o.Mode = store.ReadWrite
	writer := mustOpen(t, o)
	more := clusteredRecords(rand.New(rand.NewPCG(5, 6)), 3290)[3000:]
	if err := writer.Upsert(t.Context(), more[:190]); err != nil {
		t.Fatal(err)
	}
	if now := covered(); now != before {
		t.Fatalf("%d rows have codes after a small change, %d before", now, before)
	}
	if err := writer.Upsert(t.Context(), more[190:]); err != nil { // 290 behind
		t.Fatal(err)
	}
	if err := writer.Upsert(t.Context(), records[:50]); err != nil { // 340 behind
		t.Fatal(err)
	}
	if now := covered(); now != 3340/64*64 {
		t.Errorf("%d rows have codes", now)
	}
	if err := writer.Delete(t.Context(), []string{records[0].ID}); err != nil {
		t.Fatal(err)
	}
	if err := writer.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(writer.codePath(1)); !os.IsNotExist(err) {
		t.Errorf("the codes of the old generation: %v", err)
	}
	if now := covered(); now < 3200 {
		t.Errorf("%d rows have codes after a compaction", now)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	o.Mode = store.ReadOnly
	sameAsExact(t, o)
}
