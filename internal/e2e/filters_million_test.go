package e2e

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/clip/ort"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/vec"
)

// shares are the shares of the records that the filters of BenchmarkFilters leave.
var shares = []float64{0.001, 0.01, 0.03, 0.1, 0.5, 0.9, 0.99}

// BenchmarkFilters searches a large index with filters of every breadth and kind, in turns
// with searching it without one, and reports the ratio. What
// meets them is scattered all over the index, and over all directions, except where a
// name says "far": there nothing that is near the query does. The index is made once, in
// the folder that SIGHTLINE_BENCH_DIR names, of SIGHTLINE_BENCH_ROWS records, at most
// SIGHTLINE_BENCH_STEP of them a call.
func BenchmarkFilters(b *testing.B) {
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
	o := local.Options{Dir: dir, Collection: fmt.Sprint("filters", n), Mode: store.Create, Engine: keptOpen{engine}, SQ8: engine,
		Model: store.Model{Fingerprint: "bench", Name: "bench", Dim: dim}}
	centres := vec.NewMatrix(1000, dim)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range centres.Rows {
		randomDirection(rng, centres.Row(i))
	}
	if makeFilterIndex(b, o, n, step, centres) < n {
		b.Skip("the index is not whole yet")
	}

	o.Mode = store.ReadOnly
	s := openLocal(b, o)
	defer s.Close()
	filters := []struct {
		name   string
		filter store.Filter
	}{{"none", nil}}
	for i, share := range shares {
		within := store.Under(shareFolder(i))
		until, tag := store.Until(shareTime(share)), store.HasTag(shareTag(share))
		for name, f := range map[string]store.Filter{
			"under": within, "until": until, "tag": tag, "not tag": store.Not{Part: tag},
			"mixed": store.And{store.Or{within, store.FormatIs("png")}, until, store.Not{Part: store.HasTag(shareTag(0.01))}},
		} {
			filters = append(filters, struct {
				name   string
				filter store.Filter
			}{fmt.Sprint(name, " ", share), f})
		}
	}
	for name, f := range map[string]store.Filter{
		"jpeg 0.8": store.FormatIs("jpeg"), "png 0.1": store.FormatIs("png"), "no format": store.FormatIs("x"),
		"far format 0.1": store.FormatIs("tiff"), "far tag 0.1": store.HasTag("far"), "far tag 0.5": store.HasTag("half"),
	} {
		filters = append(filters, struct {
			name   string
			filter store.Filter
		}{name, f})
	}
	for _, queries := range []int{1, 16} {
		q := store.Query{Vectors: vec.NewMatrix(queries, dim), K: 10, MinScore: -1}
		rng := rand.New(rand.NewPCG(5, 6))
		for i := range queries {
			randomDirection(rng, q.Vectors.Row(i))
			for j, c := range centres.Row(500 + rng.IntN(500)) { // none of those that are far
				q.Vectors.Row(i)[j] += c
			}
			if err := vec.Normalize(q.Vectors.Row(i)); err != nil {
				b.Fatal(err)
			}
		}
		all := q
		for _, f := range filters {
			q.Filter = f.filter
			b.Run(fmt.Sprintf("%d/%s", queries, f.name), func(b *testing.B) {
				var without time.Duration
				for b.Loop() {
					b.StopTimer()
					began := time.Now()
					if _, err := s.Search(b.Context(), all); err != nil {
						b.Fatal(err)
					}
					without += time.Since(began)
					b.StartTimer()
					if _, err := s.Search(b.Context(), q); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(without.Seconds()*1e3/float64(b.N), "ms-without")
				b.ReportMetric(b.Elapsed().Seconds()/without.Seconds(), "ratio")
			})
		}
	}
}

// makeFilterIndex adds at most step records to an index and returns how many it has.
func makeFilterIndex(b *testing.B, o local.Options, n, step int, centres vec.Matrix) int {
	b.Helper()
	s := openLocal(b, o)
	defer s.Close()
	count, err := s.Count(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	have := int(count)
	rng := rand.New(rand.NewPCG(3, uint64(have))) // a later step must not repeat the vectors of an earlier one
	upTo := min(n, have+step)
	for from := have; from < upTo; from += 4000 {
		records := make([]store.Record, min(4000, upTo-from))
		for i := range records {
			records[i] = filterRecord(rng, from+i, centres)
		}
		if err := s.Upsert(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return upTo
}

// filterRecord is a record that each filter of BenchmarkFilters leaves with the
// probability that it is named for.
func filterRecord(rng *rand.Rand, n int, centres vec.Matrix) store.Record {
	folder := "/photos"
	at := rng.Float64()
	for i := len(shares) - 1; i >= 0 && at < shares[i]; i-- {
		folder = shareFolder(i)
	}
	path := fmt.Sprintf("%s/IMG_%07d.jpg", folder, n)
	r := store.Record{
		ID: store.ID("bench", path), Path: path, Root: "/photos", Size: 123456, ModTime: shareTime(rng.Float64()),
		Width: 4000, Height: 3000, Format: "jpeg", Vector: make([]float32, centres.Cols),
	}
	for _, share := range shares {
		if rng.Float64() < share {
			r.Tags = append(r.Tags, store.Tag{Label: shareTag(share), Source: "bench", Score: 0.5, Probability: 0.5})
		}
	}
	centre := rng.IntN(centres.Rows)
	switch {
	case centre < centres.Rows/10:
		r.Format = "tiff"
		r.Tags = append(r.Tags, store.Tag{Label: "far", Source: "bench", Score: 0.5, Probability: 0.5})
	case rng.IntN(9) == 0:
		r.Format = "png"
	}
	if centre < centres.Rows/2 {
		r.Tags = append(r.Tags, store.Tag{Label: "half", Source: "bench", Score: 0.5, Probability: 0.5})
	}
	randomDirection(rng, r.Vector)
	for j, c := range centres.Row(centre) {
		r.Vector[j] += c
	}
	if err := vec.Normalize(r.Vector); err != nil {
		panic(err)
	}
	return r
}

// shareFolder is a folder below which lie shares[i] of the records: the narrower ones are
// within the broader.
func shareFolder(i int) string {
	folder := "/photos"
	for j := len(shares) - 1; j >= i; j-- {
		folder += fmt.Sprint("/", shares[j])
	}
	return folder
}

// shareTime is a time before which a share of the records were taken.
func shareTime(share float64) time.Time { return time.Unix(1.6e9+int64(share*1e8), 7) }

func shareTag(share float64) string { return fmt.Sprint("share ", share) }
