package milvus

import (
	"fmt"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// BenchmarkConvert measures what the store does to a batch before the SDK gets it.
func BenchmarkConvert(b *testing.B) {
	const n, dim = 4096, 512
	s := &Store{meta: indexMeta{Model: store.Model{Dim: dim}}}
	batch := make([]store.Record, n)
	for i := range batch {
		path := fmt.Sprintf("/photos/2024/%03d/IMG_%07d.jpg", i/1000, i)
		batch[i] = store.Record{
			ID: store.ID("bench", path), Path: path, Root: "/photos", Size: 3 << 20, ModTime: time.Unix(1.7e9, 5),
			ContentHash: make([]byte, 32), Width: 4000, Height: 3000, Format: "jpeg", Vector: make([]float32, dim),
			Tags: []store.Tag{{Label: "holiday", Source: "file"}},
		}
		batch[i].Vector[i%dim] = 1
	}
	b.ReportAllocs()
	for b.Loop() {
		rows, err := s.rowsOf(batch)
		if err != nil {
			b.Fatal(err)
		}
		columns(rows)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/n, "us/record")
}
