package local

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// BenchmarkMillion searches a large index of clustered vectors. The index is made
// once, in the folder that SIGHTLINE_BENCH_DIR names, so that scripts/bench/search.py
// can search the same file with other programs; SIGHTLINE_BENCH_ROWS is its size.
func BenchmarkMillion(b *testing.B) {
	dir := os.Getenv("SIGHTLINE_BENCH_DIR")
	if dir == "" {
		b.Skip("SIGHTLINE_BENCH_DIR is not set: this takes gigabytes and minutes")
	}
	const dim = 512
	n := 1_000_000
	if rows := os.Getenv("SIGHTLINE_BENCH_ROWS"); rows != "" {
		var err error
		if n, err = strconv.Atoi(rows); err != nil {
			b.Fatal(err)
		}
	}
	o := Options{Dir: dir, Collection: fmt.Sprint("n", n), Mode: Create,
		Model: store.Model{Fingerprint: "bench", Name: "bench", Dim: dim}}
	rng := rand.New(rand.NewPCG(1, 2))
	centres := vec.NewMatrix(1000, dim)
	for i := range centres.Rows {
		randomUnit(rng, centres.Row(i))
	}
	s := mustOpen(b, o)
	have, err := s.Count(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	for from := int(have); from < n; from += 5000 {
		records := benchRecords(rng, from, min(5000, n-from), dim)
		for i := range records {
			towards(rng, records[i].Vector, centres)
		}
		if err := s.Upsert(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}

	o.Mode = ReadOnly
	for _, exact := range []bool{false, true} {
		for _, queries := range []int{1, 16, 1000} {
			if exact && queries == 1000 {
				continue
			}
			b.Run(fmt.Sprintf("exact=%v/%d", exact, queries), func(b *testing.B) {
				o.Exact = exact
				s := mustOpen(b, o)
				defer s.Close()
				q := store.Query{Vectors: vec.NewMatrix(queries, dim), K: 10, MinScore: -1}
				for i := range queries {
					randomUnit(rng, q.Vectors.Row(i))
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
