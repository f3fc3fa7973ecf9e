package zeroshot_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/clip/ort"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

// BenchmarkBest compares pictures with 1,000 labels and the background prompts, and keeps the top
// five of each: everything that a tagging run does but reading and writing the index.
// SIGHTLINE_BENCH_ROWS is the number of pictures, if not 100,000.
// scripts/bench/tag_numpy.py runs it beside numpy.
func BenchmarkBest(b *testing.B) {
	const dim, labels, top = 512, 1000, 5
	pictures := 100_000
	if text := os.Getenv("SIGHTLINE_BENCH_ROWS"); text != "" {
		var err error
		if pictures, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	enc := cliptest.New(dim).WithSpec(func(s *clip.Spec) { s.LogitScale = 20 })
	engine := ort.NewEngine(func() (string, error) { return filepath.Join(libraryDir, ort.LibraryName()), nil }, slog.New(slog.DiscardHandler))
	defer engine.Close()
	list := make([]label.Label, labels)
	for i := range list {
		list[i].Name = fmt.Sprintf("label %d", i)
	}
	c, err := zeroshot.Prepare(b.Context(), enc, &label.List{Labels: list}, zeroshot.Options{Templates: []string{"{}"}, Engine: engine, Codes: engine})
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 1))
	vectors := vec.NewMatrix(pictures, dim)
	for i := range vectors.Data {
		vectors.Data[i] = rng.Float32() - 0.5
	}
	for i := range vectors.Rows {
		if err := vec.Normalize(vectors.Row(i)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := c.Best(b.Context(), vectors, top, 0); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(pictures*b.N)/b.Elapsed().Seconds(), "pictures/s")
}
