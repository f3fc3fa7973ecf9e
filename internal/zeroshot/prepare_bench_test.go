package zeroshot_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/ort"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/zeroshot"
)

// BenchmarkTexts embeds the prompts of 1,000 short labels in the 20 templates of the
// ensemble, and some of them again filled up to the model's whole context, which is how
// the graphs are usually called. SIGHTLINE_BENCH_MODEL names a bundle and
// SIGHTLINE_BENCH_PRECISION its files; scripts/bench/make_towers.py makes one.
func BenchmarkTexts(b *testing.B) {
	dir := os.Getenv("SIGHTLINE_BENCH_MODEL")
	if dir == "" {
		dir = starterDir
	}
	var texts []string
	for _, label := range shortLabels(1000) {
		for _, template := range zeroshot.Ensemble() {
			texts = append(texts, strings.ReplaceAll(template, "{}", label))
		}
	}
	for _, way := range []struct {
		name   string
		fixed  bool
		cached bool
		texts  []string
	}{
		{"as short as they are", false, false, texts},
		{"as short as they are, quick to open", false, true, texts},
		{"of the whole context", true, false, texts[:len(texts)/50]},
	} {
		b.Run(way.name, func(b *testing.B) {
			bundle, err := clip.OpenBundle(dir, clip.BundleOptions{Precision: os.Getenv("SIGHTLINE_BENCH_PRECISION"), Pixels: imaging.Fast})
			if err != nil {
				b.Fatal(err)
			}
			if way.fixed {
				bundle.Padding.Fixed = bundle.Context
			}
			o := ort.Options{}
			if way.cached {
				o.GraphCache = b.TempDir()
			}
			enc, err := ort.NewEncoder(bundle, "bench", filepath.Join(libraryDir, ort.LibraryName()), o)
			if err != nil {
				b.Fatal(err)
			}
			defer enc.Close()
			if _, err := enc.EncodeTexts(b.Context(), texts[:1]); err != nil { // opens the tower
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := enc.EncodeTexts(b.Context(), way.texts); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(way.texts)*b.N)/b.Elapsed().Seconds(), "texts/s")
		})
	}
}

// shortLabels are background prompts, as they are and of several kinds.
func shortLabels(n int) []string {
	var out []string
	for _, kind := range []string{"", "red ", "old ", "small ", "wooden ", "broken ", "wet ", "white "} {
		for _, concept := range zeroshot.BackgroundPrompts() {
			_, noun, ok := strings.Cut(concept, " ")
			if !ok {
				noun = concept
			}
			if out = append(out, kind+noun); len(out) == n {
				return out
			}
		}
	}
	return out
}
