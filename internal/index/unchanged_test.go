package index

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/walk"
)

// BenchmarkUnchanged runs over files that the index has as they are, and compares with
// find(1), which looks at as many: ratio is our time over its time. The files, all
// empty, and the index are made once in the folder that SIGHTLINE_BENCH_DIR names;
// SIGHTLINE_BENCH_FILES is how many.
func BenchmarkUnchanged(b *testing.B) {
	dir, err := filepath.EvalSymlinks(os.Getenv("SIGHTLINE_BENCH_DIR"))
	if os.Getenv("SIGHTLINE_BENCH_DIR") == "" || err != nil {
		b.Skip("SIGHTLINE_BENCH_DIR is not set: this takes a million files")
	}
	files := 1_000_000
	if n, err := strconv.Atoi(os.Getenv("SIGHTLINE_BENCH_FILES")); err == nil {
		files = n
	}
	root := filepath.Join(dir, fmt.Sprint("files-", files))
	enc := cliptest.New(8)
	spec := enc.Spec()
	options := local.Options{Dir: dir, Collection: fmt.Sprint("unchanged-", files), Mode: store.Create,
		Model: store.Model{Fingerprint: spec.Fingerprint, Name: spec.Name, Dim: spec.Dim}}
	st, err := local.Open(b.Context(), options)
	if err != nil {
		b.Fatal(err)
	}
	if n, err := st.Count(b.Context(), nil); err != nil || n != int64(files) {
		makeUnchanged(b, st, root, files, spec.Dim)
	}
	// As a command finds it.
	if err := st.Close(); err != nil {
		b.Fatal(err)
	}
	o := Options{Walk: walk.Options{KnownExtension: imaging.KnownExtension}}
	var ours, find time.Duration
	for b.Loop() {
		start := time.Now()
		st, err := local.Open(b.Context(), options)
		if err != nil {
			b.Fatal(err)
		}
		report, err := New(st, enc, o, nil, slog.New(slog.DiscardHandler)).Run(b.Context(), []string{root})
		if err != nil || report.Unchanged != int64(files) {
			b.Fatalf("%+v, %v", report, err)
		}
		if err := st.Close(); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(start)
		start = time.Now()
		if err := exec.Command("find", root, "-printf", "%p %s %T@\n").Run(); err != nil {
			b.Skip("there is no GNU find")
		}
		find += time.Since(start)
	}
	b.ReportMetric(ours.Seconds()/float64(b.N), "run-s")
	b.ReportMetric(find.Seconds()/float64(b.N), "find-s")
	b.ReportMetric(float64(ours)/float64(find), "ratio")
}

// makeUnchanged makes empty files, 100 a folder, and the records of them.
func makeUnchanged(b *testing.B, st store.Store, root string, files, dim int) {
	b.Helper()
	vector := make([]float32, dim)
	vector[0] = 1
	var records []store.Record
	for i := range files {
		dir := filepath.Join(root, fmt.Sprintf("year %02d", i/25_000), fmt.Sprintf("album %04d", i/100))
		path := filepath.Join(dir, fmt.Sprintf("IMG_%07d.jpg", i))
		if i%100 == 0 {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			b.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		hash := sha256.Sum256([]byte(path))
		records = append(records, store.Record{ID: store.ID("default", path), Path: path, Root: root, ModTime: info.ModTime(),
			ContentHash: hash[:], Format: "jpeg", Vector: vector})
		if len(records) == 4000 || i == files-1 {
			if err := st.Upsert(b.Context(), records); err != nil {
				b.Fatal(err)
			}
			records = records[:0]
		}
	}
}
