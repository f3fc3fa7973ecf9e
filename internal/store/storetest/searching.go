package storetest

import (
	"math"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// scoreError is the largest error of a float32 inner product of the suite's size.
const scoreError = 1e-5

// checkSearch runs a query and compares the answer with the oracle's.
func (e *env) checkSearch(q store.Query) {
	e.Helper()
	hits, err := e.s.Search(e.Context(), q)
	if err != nil {
		e.Fatalf("Search: %v", err)
	}
	if len(hits) != q.Vectors.Rows {
		e.Fatalf("%d results for %d query vectors", len(hits), q.Vectors.Rows)
	}
	for i, got := range hits {
		e.checkHits(q, q.Vectors.Row(i), got)
	}
}

func (e *env) checkHits(q store.Query, query []float32, got []store.Hit) {
	e.Helper()
	if got == nil {
		e.Fatal("a result is nil, not empty")
	}
	want := e.oracle.search(q, query)
	if !e.opts.Approximate && len(got) != len(want) || len(got) > q.K {
		e.Fatalf("%d hits, want %d (k %d, min score %v, filter %#v)", len(got), len(want), q.K, q.MinScore, q.Filter)
	}
	best := make(map[string]bool, len(want))
	for _, w := range want {
		best[w.id] = true
	}
	seen := make(map[string]bool, len(got))
	found := 0
	for i, h := range got {
		r, ok := e.records[h.ID]
		if !ok || seen[h.ID] {
			e.Fatalf("hit %d, %s, is no record or there twice", i, h.ID)
		}
		seen[h.ID] = true
		if exact := dot(r.Vector, query); math.Abs(exact-float64(h.Score)) > scoreError {
			e.Fatalf("hit %d scores %v, want %v", i, h.Score, exact)
		}
		if !store.Match(q.Filter, &r) || h.Score < q.MinScore {
			e.Fatalf("hit %d does not meet the query: %+v", i, h)
		}
		if i > 0 && (got[i-1].Score < h.Score || got[i-1].Score == h.Score && got[i-1].ID > h.ID) {
			e.Fatalf("hits %d and %d are out of order", i-1, i)
		}
		if !e.opts.Approximate && math.Abs(want[i].score-float64(h.Score)) > scoreError {
			e.Fatalf("hit %d scores %v, the best left scores %v", i, h.Score, want[i].score)
		}
		if best[h.ID] {
			found++
		}
		if i%10 != 0 {
			continue // comparing whole records is slow
		}
		r.Vector = nil
		if e.same(r, h.Record) {
			continue
		}
		if diff := gocmp.Diff(r, h.Record, e.cmp()...); diff != "" {
			e.Fatalf("hit %d (-want +got):\n%s", i, diff)
		}
	}
	if e.opts.Approximate && float64(found) < 0.9*float64(len(want)) {
		e.Errorf("%d of the best %d found", found, len(want))
	}
}

func testSearch(e *env) {
	src := newSource(30)
	records := src.records(800)
	e.upsert(records...)
	for i := range records[:200] {
		records[i] = src.recordAt(records[i].Path)
	}
	e.upsert(records[:200]...)
	e.delete(records[5].ID, records[300].ID, records[799].ID)
	for _, queries := range []int{1, 2, 17} {
		q := store.Query{Vectors: vec.NewMatrix(queries, dim)}
		for i := range queries {
			copy(q.Vectors.Row(i), src.unit())
		}
		copy(q.Vectors.Row(0), records[0].Vector) // finds itself
		for _, k := range []int{1, 10, 100, 797, math.MaxInt32} {
			if limit := e.s.Capabilities().MaxTopK; limit > 0 && k > limit {
				continue
			}
			for _, least := range []float32{-1, 0.3, 0.999, 1.5} {
				q.K, q.MinScore = k, least
				e.checkSearch(q)
			}
		}
	}
	hits, err := e.s.Search(e.Context(), store.Query{Vectors: matrix(records[0].Vector), K: 1, MinScore: 0.99})
	if err != nil || len(hits[0]) != 1 || hits[0][0].ID != records[0].ID || hits[0][0].Score > 1 {
		e.Errorf("a record searched by its own vector: %v, %v", hits, err)
	}
	if hits, err := e.s.Search(e.Context(), store.Query{Vectors: vec.Matrix{Cols: dim}, K: 1}); err != nil || len(hits) != 0 {
		e.Errorf("a search for no vectors = %v, %v", hits, err)
	}
	opposite := store.Query{Vectors: matrix(scaled(records[0].Vector, -1)), K: 1000, MinScore: -1}
	e.checkSearch(opposite)
}

func testSearchFiltered(e *env) {
	src := newSource(31)
	e.upsert(src.records(500)...)
	for range 100 {
		q := store.Query{Vectors: matrix(src.unit(), src.unit(), src.unit()), K: 1 + src.IntN(30), Filter: src.filter(3), MinScore: -1}
		if src.IntN(2) == 0 {
			q.MinScore = src.Float32() - 0.5
		}
		e.checkSearch(q)
	}
	e.checkSearch(store.Query{Vectors: matrix(src.unit()), K: 5, Filter: store.Or{}})
}

func testSearchTies(e *env) {
	src := newSource(32)
	records := src.records(300)
	shared := src.unit()
	for i := range records {
		if i%3 == 0 {
			records[i].Vector = shared
		}
	}
	src.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	e.upsert(records...)
	var twins []string
	for _, r := range e.match(nil) {
		if slices.Equal(r.Vector, shared) {
			twins = append(twins, r.ID)
		}
	}
	for _, k := range []int{1, 7, 50, len(twins)} {
		hits, err := e.s.Search(e.Context(), store.Query{Vectors: matrix(shared), K: k, MinScore: -1})
		if err != nil {
			e.Fatal(err)
		}
		got := make([]string, len(hits[0]))
		for i, h := range hits[0] {
			got[i] = h.ID
		}
		if e.opts.Approximate || e.opts.LooseTies {
			if !slices.IsSorted(got) {
				e.Errorf("k %d: equal scores are not in id order", k)
			}
			continue
		}
		if !slices.Equal(got, twins[:k]) {
			e.Errorf("k %d: of equal scores the first ids must win", k)
		}
	}
}

func testSearchBadQueries(e *env) {
	src := newSource(33)
	e.upsert(src.records(3)...)
	nan := src.unit()
	nan[0] = float32(math.NaN())
	for name, q := range map[string]store.Query{
		"k 0":           {Vectors: matrix(src.unit()), K: 0},
		"negative k":    {Vectors: matrix(src.unit()), K: -1},
		"too few":       {Vectors: matrix(src.unit()[1:]), K: 1},
		"too many":      {Vectors: vec.Matrix{Data: make([]float32, dim+1), Rows: 1, Cols: dim + 1}, K: 1},
		"zero vector":   {Vectors: matrix(make([]float32, dim)), K: 1},
		"not unit":      {Vectors: matrix(scaled(src.unit(), 3)), K: 1},
		"NaN":           {Vectors: matrix(nan), K: 1},
		"one of two":    {Vectors: matrix(src.unit(), nan), K: 1},
		"foreign query": {Vectors: matrix(src.unit()), K: 1, Filter: foreign{}},
	} {
		e.Run(name, func(t *testing.T) {
			if hits, err := e.s.Search(t.Context(), q); err == nil {
				t.Errorf("accepted, gave %v", hits)
			}
		})
	}
}

// foreign is a filter that no store knows: there is no way to make one but to embed.
type foreign struct{ store.Filter }
