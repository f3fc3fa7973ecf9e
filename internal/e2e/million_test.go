package e2e

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/ort"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/vec"
)

// BenchmarkMillion searches a large index of clustered vectors. The index is made
// once, in the folder that SIGHTLINE_BENCH_DIR names, so that scripts/bench/search.py
// can search the same file with other programs; SIGHTLINE_BENCH_ROWS is its size. With
// SIGHTLINE_BENCH_STEP a call adds at most so many rows to an index that is not whole.
func BenchmarkMillion(b *testing.B) {
	dir := os.Getenv("SIGHTLINE_BENCH_DIR")
	if dir == "" {
		b.Skip("SIGHTLINE_BENCH_DIR is not set: this takes gigabytes and minutes")
	}
	const dim = 512
	n := fromEnv(b, "SIGHTLINE_BENCH_ROWS", 1_000_000)
	step := fromEnv(b, "SIGHTLINE_BENCH_STEP", n)
	engine := ort.NewEngine(func() (string, error) {
		return ort.FindLibrary(os.Getenv("SIGHTLINE_ONNXRUNTIME_LIB"), "../../bin/search")
	}, slog.Default())
	o := local.Options{Dir: dir, Collection: fmt.Sprint("n", n), Mode: local.Create, Engine: keptOpen{engine}, Codes: engine,
		Model: store.Model{Fingerprint: "bench", Name: "bench", Dim: dim}}
	centres := vec.NewMatrix(1000, dim)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range centres.Rows {
		randomDirection(rng, centres.Row(i))
	}
	s := openLocal(b, o)
	have, err := s.Count(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	rng = rand.New(rand.NewPCG(3, uint64(have))) // a later step must not repeat the vectors of an earlier one
	upTo := min(n, int(have)+step)
	for from := int(have); from < upTo; from += 4000 {
		records := make([]store.Record, min(4000, upTo-from))
		for i := range records {
			records[i] = manyRecord(rng, from+i, centres)
		}
		if err := s.Upsert(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	if upTo < n {
		b.Skipf("%d of %d rows are there", upTo, n)
	}

	o.Mode = local.ReadOnly
	for _, exact := range []bool{false, true} {
		for _, queries := range []int{1, 16, 1000} {
			if exact && queries == 1000 {
				continue
			}
			b.Run(fmt.Sprintf("exact=%v/%d", exact, queries), func(b *testing.B) {
				o.Exact = exact
				s := openLocal(b, o)
				defer s.Close()
				q := store.Query{Vectors: vec.NewMatrix(queries, dim), K: 10, MinScore: -1}
				for i := range queries {
					randomDirection(rng, q.Vectors.Row(i))
					towards(rng, q.Vectors.Row(i), centres)
				}
				for b.Loop() {
					if _, err := s.Search(b.Context(), q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func fromEnv(b *testing.B, name string, otherwise int) int {
	b.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatalf("%s: %v", name, err)
	}
	return n
}

// keptOpen hides an engine's Close from the stores that share it.
type keptOpen struct{ vec.Engine }

func openLocal(b *testing.B, o local.Options) *local.Store {
	b.Helper()
	s, err := local.Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

func manyRecord(rng *rand.Rand, n int, centres vec.Matrix) store.Record {
	path := fmt.Sprintf("/photos/%04d/holiday/IMG_%07d.jpg", n/1000, n)
	hash := make([]byte, 32)
	binary.LittleEndian.PutUint64(hash, uint64(n)*0x9e3779b97f4a7c15)
	v := make([]float32, centres.Cols)
	randomDirection(rng, v)
	towards(rng, v, centres)
	return store.Record{
		ID: store.ID("bench", path), Path: path, Root: "/photos", Size: 123456, ModTime: time.Unix(1.6e9+int64(n), 7),
		ContentHash: hash, Width: 4000, Height: 3000, Format: "jpeg", Vector: v,
	}
}

func randomDirection(rng *rand.Rand, v []float32) {
	for j := range v {
		v[j] = float32(rng.NormFloat64())
	}
	if err := vec.Normalize(v); err != nil {
		panic(err)
	}
}

// towards moves a random direction near one of the centres.
func towards(rng *rand.Rand, v []float32, centres vec.Matrix) {
	c := centres.Row(rng.IntN(centres.Rows))
	for j := range v {
		v[j] += c[j]
	}
	if err := vec.Normalize(v); err != nil {
		panic(err)
	}
}
