package index_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/sightline/sightline/internal/index"
)

// BenchmarkCopies indexes hard links of one picture, 50 a folder, and then again after all
// folders have moved. What a file takes must not grow with their number.
func BenchmarkCopies(b *testing.B) {
	for _, n := range []int{500, 5000, 20_000} {
		for _, moved := range []bool{false, true} {
			b.Run(fmt.Sprintf("files=%d/moved=%v", n, moved), func(b *testing.B) {
				w := newWorld(b)
				w.options.BatchSize = 8
				w.picture("old/0/00000.png", 7)
				for i := 1; i < n; i++ {
					to := w.path(fmt.Sprintf("old/%d/%05d.png", i/50, i))
					if i%50 == 0 {
						if err := os.MkdirAll(w.path(fmt.Sprintf("old/%d", i/50)), 0o755); err != nil {
							b.Fatal(err)
						}
					}
					if err := os.Link(w.path("old/0/00000.png"), to); err != nil {
						b.Skip(err)
					}
				}
				names := []string{"old", "new"}
				var r index.Report
				if moved {
					w.run(w.path(names[0]))
				}
				for b.Loop() {
					if moved {
						b.StopTimer()
						w.rename(names[0], names[1])
						names[0], names[1] = names[1], names[0]
						b.StartTimer()
						r = w.run(w.path(names[0]))
						if r.Moved != int64(n) {
							b.Fatalf("%+v", r)
						}
						continue
					}
					if r = w.run(w.path(names[0])); r.Added != int64(n) {
						b.Fatalf("%+v", r)
					}
					b.StopTimer()
					below, err := index.FindBelow(b.Context(), w.store, []string{w.photos})
					if err == nil {
						err = index.Forget(b.Context(), w.store, below)
					}
					if err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n*b.N), "µs/file")
			})
		}
	}
}
