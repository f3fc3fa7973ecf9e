package index_test

import (
	"fmt"
	"testing"
)

// BenchmarkUnchangedOthers runs over files that no ending announces and that are no
// pictures, as an earlier run noted.
func BenchmarkUnchangedOthers(b *testing.B) {
	const files = 20_000
	w := newWorld(b)
	w.options.Walk.Sniff = func(string, []byte) (bool, string) { return false, "other" }
	for i := range files {
		w.write(fmt.Sprintf("%d/file%06d", i/100, i), []byte("no picture"))
	}
	w.run()
	for b.Loop() {
		if r := w.run(); r.Skipped.Files() != files {
			b.Fatalf("%+v", r)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(files*b.N), "ns/file")
}
