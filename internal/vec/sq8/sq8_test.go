package sq8

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sightline/sightline/internal/vec"
)

// awkward returns unit vectors of many kinds: even, spiky, one-hot, and nearly equal
// to one another.
func awkward(rng *rand.Rand, rows, cols int) vec.Matrix {
	m := vec.NewMatrix(rows, cols)
	for i := range rows {
		row := m.Row(i)
		switch i % 5 {
		case 0:
			for j := range row {
				row[j] = float32(rng.NormFloat64())
			}
		case 1: // a few large values, as CLIP's embeddings have
			for j := range row {
				row[j] = float32(rng.NormFloat64())
			}
			row[rng.IntN(cols)] = 30
		case 2:
			row[rng.IntN(cols)] = -1
		case 3:
			for j := range row {
				row[j] = float32(math.Exp(20 * rng.NormFloat64()))
			}
		case 4:
			for j := range row {
				row[j] = float32(1 + 1e-3*rng.NormFloat64())
			}
		}
		if err := vec.Normalize(row); err != nil {
			panic(err)
		}
		if i%7 == 0 { // within what IsUnit allows
			for j := range row {
				row[j] *= 1.0009
			}
		}
	}
	return m
}

func encodeRows(m vec.Matrix) Codes {
	c := Codes{Rows: m.Rows, CodeSize: CodeSize(m.Cols)}
	c.Data = make([]byte, c.Rows*c.CodeSize)
	for i := range m.Rows {
		Encode(c.Row(i), m.Row(i))
	}
	return c
}

// The bounds must hold for every pair of vectors, or a search would not be exact.
func TestBoundsHold(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	for _, cols := range []int{1, 2, 5, 8, 24, 384, 512, 1000} {
		rows, queries := awkward(rng, 200, cols), awkward(rng, 50, cols)
		codes := encodeRows(rows)
		for _, precision := range []Precision{Single, Double} {
			cq := EncodeQueries(queries, precision)
			out := make([]int32, codes.Rows*cq.Columns)
			if err := (Kernel{}).ScoreCodes(t.Context(), codes, &cq, out); err != nil {
				t.Fatal(err)
			}
			var radiusSum float64
			for i := range rows.Rows {
				scale, residual, ok := codes.Tail(i)
				if !ok {
					t.Fatalf("row %d of %d columns holds no vector", i, cols)
				}
				for q := range queries.Rows {
					score := vec.Dot(rows.Row(i), queries.Row(q))
					mid, radius := cq.Bounds(q, out[i*cq.Columns:(i+1)*cq.Columns], scale, residual)
					if !(score >= mid-radius && score <= mid+radius) {
						t.Fatalf("%d columns, precision %v: row %d, query %d scores %v, bounds %v to %v",
							cols, precision, i, q, score, mid-radius, mid+radius)
					}
					radiusSum += float64(radius)
				}
			}
			// Bounds that always hold because they are wide would be of no use.
			if mean := radiusSum / float64(rows.Rows*queries.Rows); mean > 0.06 || (precision == Double && mean > 0.03) {
				t.Errorf("%d columns, precision %v: the bounds are %.4f wide on average", cols, precision, mean)
			}
		}
	}
}

// Midpoints must be the midpointBlocks of Bounds, at any number of queries.
func TestMidpoints(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	for _, count := range []int{1, 31, 32, 33, 64, 100, 1000} {
		queries, codes := EncodeQueries(awkward(rng, count, 48), Single), encodeRows(awkward(rng, 20, 48))
		out := make([]int32, codes.Rows*queries.Columns)
		if err := (Kernel{}).ScoreCodes(t.Context(), codes, &queries, out); err != nil {
			t.Fatal(err)
		}
		shifts, midpoints := make([]float32, count), make([]float32, count)
		maxima := make([]float32, (count+MidpointBlock-1)/MidpointBlock)
		for q := range shifts {
			shifts[q] = rng.Float32() - 0.5
		}
		for i := range codes.Rows {
			product := out[i*count : (i+1)*count]
			scale, residual, _ := codes.Tail(i)
			queries.Midpoints(product, scale, shifts, midpoints, maxima)
			for q := range midpoints {
				mid, radius := queries.Bounds(q, product, scale, residual)
				if want := mid + shifts[q]; midpoints[q] != want {
					t.Fatalf("query %d of %d: %v, want %v", q, count, midpoints[q], want)
				}
				if queries.Radius(q, residual) != radius || queries.MaxRadius(residual) < radius {
					t.Fatalf("query %d of %d: radius %v, at most %v, want %v", q, count,
						queries.Radius(q, residual), queries.MaxRadius(residual), radius)
				}
			}
			for b, m := range maxima {
				if want := slices.Max(midpoints[b*MidpointBlock : min((b+1)*MidpointBlock, count)]); m != want {
					t.Fatalf("block %d of %d queries: %v, want %v", b, count, m, want)
				}
			}
		}
	}
}

func TestQueriesHaveSevenBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	for _, precision := range []Precision{Single, Double} {
		for _, x := range EncodeQueries(awkward(rng, 100, 33), precision).Data {
			if x < -64 || x > 64 {
				t.Fatalf("precision %v: a query holds %d", precision, x)
			}
		}
	}
}

// The vector instructions must give what the definition says, at the largest values
// too.
func TestKernelIsExact(t *testing.T) {
	if !HasVectorKernel() {
		t.Log("this CPU has no vector instructions that are used: the definition is compared with itself")
	}
	rng := rand.New(rand.NewPCG(8, 1))
	for _, cols := range []int{1, 7, 8, 9, 24, 31, 32, 33, 384, 512, 2047} {
		for _, count := range []int{1, 2, 3, 8} {
			for kind := range 3 {
				vectors := awkward(rng, count, cols)
				for i := range vectors.Data {
					if kind > 0 { // all codes of the query are 64 or -64
						vectors.Data[i] = []float32{0, 0.1, -0.1}[kind]
					}
				}
				queries := EncodeQueries(vectors, []Precision{Double, Single, Single}[kind])
				rows := Codes{Rows: 1025, CodeSize: queries.CodeSize}
				rows.Data = make([]byte, rows.Rows*rows.CodeSize)
				for i := range rows.Data {
					rows.Data[i] = []byte{byte(rng.Uint32()), 255, 0}[kind]
				}
				n := queries.Columns
				got, want := make([]int32, rows.Rows*n), make([]int32, rows.Rows*n)
				if err := (Kernel{}).ScoreCodes(t.Context(), rows, &queries, got); err != nil {
					t.Fatal(err)
				}
				scoreGeneric(rows, &queries, want)
				if !slices.Equal(got, want) {
					t.Fatalf("%d columns, %d queries, kind %d: the sums differ", cols, count, kind)
				}
			}
		}
	}
}

func TestEncodeZero(t *testing.T) {
	codes := encodeRows(vec.NewMatrix(2, 3))
	cq := EncodeQueries(vec.NewMatrix(1, 3), Double)
	out := make([]int32, 2*cq.Columns)
	if err := (Kernel{}).ScoreCodes(t.Context(), codes, &cq, out); err != nil || out[0] != 0 {
		t.Errorf("product %v, %v", out, err)
	}
	if _, _, ok := (Codes{Data: make([]byte, 16), Rows: 1, CodeSize: 16}).Tail(0); ok {
		t.Error("a row that was never written holds a vector")
	}
}

func TestScoreCodesRefuses(t *testing.T) {
	codes := encodeRows(awkward(rand.New(rand.NewPCG(7, 1)), 4, 16))
	q := EncodeQueries(vec.NewMatrix(1, 16), Single)
	other := EncodeQueries(vec.NewMatrix(1, 17), Single)
	for name, err := range map[string]error{
		"other width":  Kernel{}.ScoreCodes(t.Context(), codes, &other, make([]int32, 4)),
		"small result": Kernel{}.ScoreCodes(t.Context(), codes, &q, make([]int32, 3)),
		"missing rows": Kernel{}.ScoreCodes(t.Context(), Codes{Rows: 4, CodeSize: 24}, &q, make([]int32, 4)),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (Kernel{}).ScoreCodes(ctx, codes, &q, make([]int32, 4)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
