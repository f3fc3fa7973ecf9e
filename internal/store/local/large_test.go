package local

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// BenchmarkLarge scans many vectors of 512 values for the ten best of one query, through
// their codes: 10,000,000 of them unless SIGHTLINE_BENCH_ROWS says otherwise, 26 GB that
// are made once in the folder that SIGHTLINE_BENCH_DIR names. The catalogue is left
// without its rows, which a search reads ten of; everything else is as in an index.
func BenchmarkLarge(b *testing.B) {
	dir := os.Getenv("SIGHTLINE_BENCH_DIR")
	if dir == "" {
		b.Skip("SIGHTLINE_BENCH_DIR is not set: this takes 26 GB and minutes")
	}
	const dim = 512
	rows := int64(10_000_000)
	if text := os.Getenv("SIGHTLINE_BENCH_ROWS"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		rows = n
	}
	o := Options{Dir: dir, Collection: fmt.Sprint("large-", rows), Mode: Create, Model: store.Model{Fingerprint: "bench", Name: "bench", Dim: dim}}
	s, err := Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	defer s.release() // Close would count the missing rows as free slots to be compacted
	base := largeBase(dim)
	if st, err := s.snapshot(b.Context(), false); err != nil {
		b.Fatal(err)
	} else if st.release(); st.slots < rows {
		makeLarge(b, s, rows, base)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for b.Loop() {
		sn, err := s.snapshot(b.Context(), true)
		if err != nil {
			b.Fatal(err)
		}
		if got := sn.vectors.codes.covered(); got < rows-64 {
			b.Fatalf("only %d rows have codes", got)
		}
		q := store.Query{Vectors: vec.NewMatrix(1, dim), K: 10, MinScore: -1}
		largeRow(rng, q.Vectors.Row(0), base)
		all := newBitmap(sn.slots)
		all.fill()
		tops, err := newScan(s.engine, s.codes, sn, q, all).run(context.Background())
		if err != nil || len(tops[0].Sorted(nil)) != 10 {
			b.Fatal(err)
		}
		sn.release()
	}
}

// largeBase is a pool of directions. Each row is near the sum of two of them, which is
// fast to make and gives no two alike.
func largeBase(dim int) vec.Matrix {
	base := vec.NewMatrix(20_000, dim)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range base.Rows {
		randomUnit(rng, base.Row(i))
	}
	return base
}

func largeRow(rng *rand.Rand, row []float32, base vec.Matrix) {
	x, y := base.Row(rng.IntN(1000)), base.Row(rng.IntN(base.Rows))
	for j := range row {
		row[j] = x[j] + y[j]
	}
	if err := vec.Normalize(row); err != nil {
		panic(err)
	}
}

// makeLarge writes vectors and codes as a writer does, and commits the number of slots.
func makeLarge(b *testing.B, s *Store, rows int64, base vec.Matrix) {
	b.Helper()
	ctx := b.Context()
	f, err := s.writableSlots(&state{generation: 1})
	if err != nil {
		b.Fatal(err)
	}
	codes, _, err := s.openCodes(s.codePath(1), s.header(1))
	if err != nil {
		b.Fatal(err)
	}
	const step = 10_000
	width := vec.CodeWidth(base.Cols)
	type part struct {
		vectors vec.Matrix
		codes   []byte
	}
	parts := make([]part, 2)
	for i := range parts {
		parts[i] = part{vec.NewMatrix(step, base.Cols), make([]byte, step*width)}
	}
	for from := int64(0); from < rows; from += step * int64(len(parts)) {
		err := onCores(len(parts), func(w int) error {
			at := from + step*int64(w)
			n := min(step, rows-at)
			if n <= 0 {
				return nil
			}
			rng := rand.New(rand.NewPCG(7, uint64(at)))
			m, c := parts[w].vectors, parts[w].codes
			for i := range int(n) {
				largeRow(rng, m.Row(i), base)
				vec.EncodeRow(c[i*width:(i+1)*width], m.Row(i))
			}
			if err := f.put(at, m.Slice(0, int(n)).Data); err != nil {
				return err
			}
			return writeFull(codes, c[:int(n)*width], codeOffset(base.Cols, at))
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	if err := writeFull(codes, encodeCodeHeader(s.header(1), rows), 0); err != nil {
		b.Fatal(err)
	}
	if err := codes.Close(); err != nil {
		b.Fatal(err)
	}
	if _, err := s.write.ExecContext(ctx, "UPDATE state SET slots = ?", rows); err != nil {
		b.Fatal(err)
	}
	b.Logf("made %s", filepath.Join(s.dir))
}
