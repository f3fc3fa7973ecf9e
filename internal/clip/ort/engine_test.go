package ort_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sightline/sightline/internal/clip/ort"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/vec/sq8"
)

func openEngine(tb testing.TB) *ort.Engine {
	tb.Helper()
	path := library(tb)
	e := ort.NewEngine(func() (string, error) { return path, nil }, slog.New(slog.DiscardHandler))
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return e
}

func randomMatrix(rng *rand.Rand, rows, cols int) vec.Matrix {
	m := vec.NewMatrix(rows, cols)
	for i := range rows {
		for j := range m.Row(i) {
			m.Row(i)[j] = float32(rng.NormFloat64())
		}
		if err := vec.Normalize(m.Row(i)); err != nil {
			panic(err)
		}
	}
	return m
}

func TestEngineScore(t *testing.T) {
	before := ort.Live()
	e := openEngine(t)
	rng := rand.New(rand.NewPCG(1, 1))
	for _, shape := range [][3]int{{0, 3, 4}, {5, 0, 4}, {33, 3, 7}, {40000, 1, 512}, {40000, 2, 512}, {3001, 17, 384}, {257, 1000, 512}} {
		rows, queries := randomMatrix(rng, shape[0], shape[2]), randomMatrix(rng, shape[1], shape[2])
		out := vec.NewMatrix(queries.Rows, rows.Rows)
		for i := range out.Data {
			out.Data[i] = float32(math.NaN()) // must all be written
		}
		if err := e.Score(t.Context(), rows, queries, out); err != nil {
			t.Fatalf("%v: %v", shape, err)
		}
		for q := range queries.Rows {
			for i := range rows.Rows {
				if got, want := out.Row(q)[i], vec.Dot(rows.Row(i), queries.Row(q)); !(math.Abs(float64(got-want)) < 1e-5) {
					t.Fatalf("%v: row %d, query %d: %v, want %v", shape, i, q, got, want)
				}
			}
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if now := ort.Live(); now != before {
		t.Errorf("%d C objects are left, %d before", now, before)
	}
	if err := e.Score(t.Context(), vec.NewMatrix(40000, 512), vec.NewMatrix(4, 512), vec.NewMatrix(4, 40000)); !errors.Is(err, ort.ErrEngineClosed) {
		t.Errorf("after close: %v", err)
	}
}

// The products of codes must be the very integers, on every CPU, also at the largest
// values that there can be.
func TestEngineCodesAreExact(t *testing.T) {
	e := openEngine(t)
	rng := rand.New(rand.NewPCG(2, 1))
	for _, shape := range [][3]int{{1, 1, 1}, {37, 1, 5}, {1000, 2, 24}, {64, 16, 384}, {333, 1, 512}, {333, 65, 512}, {5, 200, 2047}} {
		for _, precision := range []sq8.Precision{sq8.Single, sq8.Double} {
			for kind := range 3 {
				vectors := randomMatrix(rng, shape[1], shape[2])
				for i := range vectors.Data {
					if kind > 0 { // what saturates if anything does: codes of 64 and -64
						vectors.Data[i] = []float32{0, 0.1, -0.1}[kind]
					}
				}
				queries := sq8.EncodeQueries(vectors, precision)
				rows := sq8.Codes{Rows: shape[0], CodeSize: queries.CodeSize}
				rows.Data = make([]byte, rows.Rows*rows.CodeSize)
				for i := range rows.Data {
					rows.Data[i] = []byte{byte(rng.Uint32()), 255, 0}[kind]
				}
				got, want := make([]int32, rows.Rows*queries.Columns), make([]int32, rows.Rows*queries.Columns)
				if err := e.ScoreCodes(t.Context(), rows, &queries, got); err != nil {
					t.Fatal(err)
				}
				if err := (sq8.Kernel{}).ScoreCodes(t.Context(), rows, &queries, want); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%v, precision %d, kind %d: the sums differ", shape, precision, kind)
				}
			}
		}
	}
}

func TestEngineWithoutLibrary(t *testing.T) {
	e := ort.NewEngine(func() (string, error) { return "", ort.ErrNoLibrary }, slog.New(slog.DiscardHandler))
	rng := rand.New(rand.NewPCG(3, 1))
	rows, queries := randomMatrix(rng, 40000, 512), randomMatrix(rng, 4, 512)
	out := vec.NewMatrix(4, 40000)
	if err := e.Score(t.Context(), rows, queries, out); err != nil {
		t.Fatal(err)
	}
	if got, want := out.Row(1)[7], vec.Dot(rows.Row(7), queries.Row(1)); got != want {
		t.Errorf("score %v, want %v", got, want)
	}
	q := sq8.EncodeQueries(queries, sq8.Double)
	codes := sq8.Codes{Data: make([]byte, q.CodeSize), Rows: 1, CodeSize: q.CodeSize}
	if err := e.ScoreCodes(t.Context(), codes, &q, make([]int32, q.Columns)); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestEngineCancelled(t *testing.T) {
	e := openEngine(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Score(ctx, vec.NewMatrix(40000, 512), vec.NewMatrix(4, 512), vec.NewMatrix(4, 40000)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// BenchmarkEngineScore shows from how many queries on the library is faster than Go.
func BenchmarkEngineScore(b *testing.B) {
	const n, dim = 200_000, 512
	rng := rand.New(rand.NewPCG(4, 1))
	rows := randomMatrix(rng, n, dim)
	for _, count := range []int{1, 2, 4, 16, 100} {
		queries, out := randomMatrix(rng, count, dim), vec.NewMatrix(count, n)
		for name, engine := range map[string]vec.Engine{"ort": openEngine(b), "go": vec.NewParallel(0)} {
			b.Run(fmt.Sprintf("%s/%d", name, count), func(b *testing.B) {
				b.SetBytes(4 * n * dim)
				for b.Loop() {
					if err := engine.Score(b.Context(), rows, queries, out); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkEngineCodes(b *testing.B) {
	const n, dim = 200_000, 512
	rng := rand.New(rand.NewPCG(5, 1))
	e := openEngine(b)
	rows := sq8.Codes{Rows: n, CodeSize: sq8.CodeSize(dim)}
	rows.Data = make([]byte, n*rows.CodeSize)
	for i := range rows.Data {
		rows.Data[i] = byte(rng.Uint32())
	}
	for _, count := range []int{1, 2, 16, 64, 256} {
		queries := sq8.EncodeQueries(randomMatrix(rng, count, dim), sq8.Single)
		out := make([]int32, n*queries.Columns)
		for name, engine := range map[string]sq8.Engine{"ort": e, "plain": sq8.Kernel{}} {
			b.Run(fmt.Sprintf("%s/%d", name, queries.Columns), func(b *testing.B) {
				b.SetBytes(int64(len(rows.Data)))
				for b.Loop() {
					if err := engine.ScoreCodes(b.Context(), rows, &queries, out); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
