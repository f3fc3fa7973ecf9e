package local

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// randomUnit fills v with a random direction.
func randomUnit(rng *rand.Rand, v []float32) {
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	if err := vec.Normalize(v); err != nil {
		panic(err)
	}
}

func benchRecords(rng *rand.Rand, from, n, dim int) []store.Record {
	out := make([]store.Record, n)
	m := vec.NewMatrix(n, dim)
	for i := range out {
		hash := make([]byte, 32)
		binary.LittleEndian.PutUint64(hash, uint64(from+i)*0x9e3779b97f4a7c15)
		path := fmt.Sprintf("/photos/%04d/holiday/IMG_%07d.jpg", (from+i)/1000, from+i)
		randomUnit(rng, m.Row(i))
		out[i] = store.Record{
			ID: store.ID("bench", path), Path: path, Root: "/photos", Size: 123456, ModTime: time.Unix(1.6e9+int64(from+i), 7),
			ContentHash: hash, Width: 4000, Height: 3000, Format: "jpeg", Vector: m.Row(i),
		}
	}
	return out
}

func benchStore(b *testing.B, n, dim int) (*Store, Options) {
	b.Helper()
	o := Options{Dir: b.TempDir(), Collection: "bench", Mode: store.Create,
		Model: store.Model{Fingerprint: "bench", Name: "bench", Dim: dim}}
	s, err := Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	rng := rand.New(rand.NewPCG(1, 2))
	for from := 0; from < n; from += 1000 {
		if err := s.Upsert(b.Context(), benchRecords(rng, from, min(1000, n-from), dim)); err != nil {
			b.Fatal(err)
		}
	}
	return s, o
}

func BenchmarkUpsert(b *testing.B) {
	s, _ := benchStore(b, 0, 512)
	rng := rand.New(rand.NewPCG(1, 2))
	const batch = 64
	n := 0
	for b.Loop() {
		if err := s.Upsert(b.Context(), benchRecords(rng, n, batch, 512)); err != nil {
			b.Fatal(err)
		}
		n += batch
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "us/record")
}

func BenchmarkSearch(b *testing.B) {
	const n, dim = 100_000, 512
	s, o := benchStore(b, n, dim)
	if err := s.Close(); err != nil { // which writes the codes of the last records
		b.Fatal(err)
	}
	o.Mode = store.ReadOnly
	s, err := Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	rng := rand.New(rand.NewPCG(3, 4))
	for _, queries := range []int{1, 16} {
		q := store.Query{Vectors: vec.NewMatrix(queries, dim), K: 10, MinScore: -1}
		for i := range queries {
			randomUnit(rng, q.Vectors.Row(i))
		}
		for name, f := range map[string]store.Filter{
			"all": nil, "1000 in a folder": store.Under("/photos/0042"), "half": store.Since(time.Unix(1.6e9+n/2, 0)),
		} {
			q.Filter = f
			b.Run(fmt.Sprintf("%d queries/%s", queries, name), func(b *testing.B) {
				for b.Loop() {
					if _, err := s.Search(b.Context(), q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkStats is what a run over unchanged files asks.
func BenchmarkStats(b *testing.B) {
	const n = 200_000
	s, _ := benchStore(b, n, 8)
	ids := make([]string, n)
	for i := range ids {
		ids[i] = store.ID("bench", fmt.Sprintf("/photos/%04d/holiday/IMG_%07d.jpg", i/1000, i))
	}
	for _, batch := range []int{500, 2000} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			done, at := 0, 0
			for b.Loop() {
				if at+batch > n {
					at = 0
				}
				got, err := s.Stats(b.Context(), ids[at:at+batch])
				if err != nil || len(got) != batch {
					b.Fatalf("%d of %d: %v", len(got), batch, err)
				}
				at += batch
				done += batch
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1000/float64(done), "us/id")
		})
	}
}

// BenchmarkColdStart is a search command on a small index: open, search, close.
func BenchmarkColdStart(b *testing.B) {
	s, o := benchStore(b, 300, 512)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	o.Mode = store.ReadOnly
	q := store.Query{Vectors: vec.NewMatrix(1, 512), K: 10, MinScore: -1}
	randomUnit(rand.New(rand.NewPCG(3, 4)), q.Vectors.Row(0))
	for b.Loop() {
		s, err := Open(context.Background(), o)
		if err != nil {
			b.Fatal(err)
		}
		if hits, err := s.Search(b.Context(), q); err != nil || len(hits[0]) != 10 {
			b.Fatal(len(hits[0]), err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	const n = 100_000
	s, _ := benchStore(b, n, 8)
	for b.Loop() {
		count := 0
		for _, err := range s.Scan(b.Context(), nil, store.Fields{}) {
			if err != nil {
				b.Fatal(err)
			}
			count++
		}
		if count != n {
			b.Fatal(count)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1000/float64(n*b.N), "us/record")
}

// BenchmarkScanNewest reads the 60 newest of all, and of those of a filter that the
// catalogue alone can answer.
func BenchmarkScanNewest(b *testing.B) {
	const n = 100_000
	s, _ := benchStore(b, n, 8)
	for _, f := range []store.Filter{store.Dated{}, store.SideAtLeast{Pixels: 1}} {
		b.Run(fmt.Sprintf("%T", f), func(b *testing.B) {
			for b.Loop() {
				count := 0
				for _, err := range s.ScanNewest(b.Context(), store.Or{f, nil}) {
					if err != nil {
						b.Fatal(err)
					}
					if count++; count == 60 {
						break
					}
				}
				if count != 60 {
					b.Fatal(count)
				}
			}
		})
	}
}
