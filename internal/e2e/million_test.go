package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/vec"
)

// BenchmarkMillion searches a large index of clustered vectors. The index is made
// once, in the folder that SIGHTLINE_BENCH_DIR names, so that scripts/bench/search.py
// can search the same file with other programs; SIGHTLINE_BENCH_ROWS is its size. With
// SIGHTLINE_BENCH_STEP a call adds at most so many rows to an index that is not whole.
func BenchmarkMillion(b *testing.B) {
	dir := needEnv(b, "gigabytes and minutes", "SIGHTLINE_BENCH_DIR")[0]
	const dim = 512
	n := fromEnv(b, "SIGHTLINE_BENCH_ROWS", 1_000_000)
	step := fromEnv(b, "SIGHTLINE_BENCH_STEP", n)
	engine := benchEngine(b)
	o := local.Options{Dir: dir, Collection: fmt.Sprint("n", n), Mode: store.Create, Engine: keptOpen{engine}, SQ8: engine,
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
	fill(b, s, rng, int(have), upTo, centres)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	if upTo < n {
		b.Skipf("%d of %d rows are there", upTo, n)
	}

	o.Mode = store.ReadOnly
	for _, exact := range []bool{false, true} {
		for _, queries := range []int{1, 16, 1000} {
			if exact && queries == 1000 {
				continue
			}
			b.Run(fmt.Sprintf("exact=%v/%d", exact, queries), func(b *testing.B) {
				o.Float32Only = exact
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

// keptOpen hides an engine's Close from the stores that share it.
type keptOpen struct{ vec.Engine }
