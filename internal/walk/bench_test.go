package walk

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// makeTree makes n empty files, 100 a folder in two levels, or all in one folder.
func makeTree(tb testing.TB, n int, flat bool) string {
	tb.Helper()
	root := tb.TempDir()
	for i := range n {
		dir := root
		if !flat {
			dir = filepath.Join(root, fmt.Sprintf("year %02d", i/100%40), fmt.Sprintf("album %04d", i/100))
		}
		if i%100 == 0 {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				tb.Fatal(err)
			}
		}
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("IMG_%07d.jpg", i)))
		if err != nil {
			tb.Fatal(err)
		}
		f.Close()
	}
	return root
}

// BenchmarkWalk compares a walk over 100,000 files with find(1) on the same tree,
// which also asks for every size and date: ratio is our time over its time.
func BenchmarkWalk(b *testing.B) {
	const files = 100_000
	for _, shape := range []string{"deep", "flat"} {
		b.Run(shape, func(b *testing.B) {
			root := makeTree(b, files, shape == "flat")
			known := func(name string) bool { return strings.HasSuffix(name, ".jpg") }
			var walked, found time.Duration
			for b.Loop() {
				start := time.Now()
				n := 0
				for _, err := range Walk(b.Context(), []string{root}, Options{KnownExtension: known}) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				walked += time.Since(start)
				if n != files {
					b.Fatalf("walk found %d files, want %d", n, files)
				}
				found += timeFind(b, root)
			}
			b.ReportMetric(float64(walked.Milliseconds())/float64(b.N), "walk-ms")
			if found > 0 {
				b.ReportMetric(float64(found.Milliseconds())/float64(b.N), "find-ms")
				b.ReportMetric(float64(walked)/float64(found), "ratio")
			}
		})
	}
}

// timeFind returns how long GNU find takes, or 0 where there is none.
func timeFind(b *testing.B, root string) time.Duration {
	cmd := exec.Command("find", root, "-printf", "%p %s %T@\n")
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return 0
	}
	return time.Since(start)
}
