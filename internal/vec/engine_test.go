package vec

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func randomMatrix(rng *rand.Rand, rows, cols int) Matrix {
	m := NewMatrix(rows, cols)
	for i := range m.Data {
		m.Data[i] = rng.Float32() - 0.5
	}
	for i := range rows {
		if cols > 0 {
			if err := Normalize(m.Row(i)); err != nil {
				panic(err)
			}
		}
	}
	return m
}

func TestParallelScore(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, workers := range []int{0, 1, 7} {
		engine := NewParallel(workers)
		for _, shape := range [][3]int{{0, 3, 4}, {5, 0, 4}, {1, 1, 1}, {3, 2, 0}, {300, 3, 19}, {1000, 16, 512}, {40000, 1, 3}} {
			rows, queries := randomMatrix(rng, shape[0], shape[2]), randomMatrix(rng, shape[1], shape[2])
			out := NewMatrix(queries.Rows, rows.Rows)
			for i := range out.Data {
				out.Data[i] = float32(math.NaN()) // must all be written
			}
			if err := engine.Score(t.Context(), rows, queries, out); err != nil {
				t.Fatalf("%v: %v", shape, err)
			}
			for q := range queries.Rows {
				for i := range rows.Rows {
					var want float64
					for j, x := range rows.Row(i) {
						want += float64(x) * float64(queries.Row(q)[j])
					}
					if got := out.Row(q)[i]; !(math.Abs(float64(got)-want) < 1e-5) {
						t.Fatalf("%v: row %d, query %d: %v, want %v", shape, i, q, got, want)
					}
				}
			}
		}
	}
}

// Equal rows must score equally wherever they stand and whatever their alignment,
// or a store could not break ties by id.
func TestEqualRowsScoreEqually(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for cols := 1; cols < 70; cols++ {
		row := randomMatrix(rng, 1, cols)
		rows := NewMatrix(33, cols)
		for i := range rows.Rows {
			copy(rows.Row(i), row.Data)
		}
		queries := randomMatrix(rng, 3, cols)
		out := NewMatrix(3, rows.Rows)
		if err := NewParallel(2).Score(t.Context(), rows, queries, out); err != nil {
			t.Fatal(err)
		}
		for q := range queries.Rows {
			for i, score := range out.Row(q) {
				if score != out.Row(q)[0] {
					t.Fatalf("%d values: row %d scores %v, row 0 %v", cols, i, score, out.Row(q)[0])
				}
			}
		}
	}
}

func TestScoreRefuses(t *testing.T) {
	for name, m := range map[string][3]Matrix{
		"other dimension": {NewMatrix(2, 3), NewMatrix(1, 4), NewMatrix(1, 2)},
		"small result":    {NewMatrix(2, 3), NewMatrix(1, 3), NewMatrix(1, 1)},
		"turned result":   {NewMatrix(2, 3), NewMatrix(1, 3), NewMatrix(2, 1)},
		"missing data":    {Matrix{Rows: 2, Cols: 3}, NewMatrix(1, 3), NewMatrix(1, 2)},
	} {
		if err := NewParallel(1).Score(t.Context(), m[0], m[1], m[2]); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := NewParallel(2).Score(ctx, NewMatrix(5, 3), NewMatrix(1, 3), NewMatrix(1, 5))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestDotPanicsOnOtherLength(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Dot(make([]float32, 3), make([]float32, 4))
}

// BenchmarkScore scans as many rows as a large collection has. The figures worth
// comparing are the bytes of rows a second: how near one query comes to the memory's
// speed, and what more queries cost beyond it.
func BenchmarkScore(b *testing.B) {
	const n, dim = 1_000_000, 512
	rows := NewMatrix(n, dim)
	rng := rand.New(rand.NewPCG(3, 1))
	for i := range rows.Data {
		rows.Data[i] = rng.Float32() - 0.5
	}
	for _, queries := range []int{1, 16} {
		b.Run(fmt.Sprintf("%dx%d/%d", n, dim, queries), func(b *testing.B) {
			q, out := randomMatrix(rng, queries, dim), NewMatrix(queries, n)
			b.SetBytes(4 * n * dim)
			for b.Loop() {
				if err := NewParallel(0).Score(b.Context(), rows, q, out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
