package index

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/walk"
)

// BenchmarkUnchanged runs over files that the index has as they are, and compares with
// find(1), which looks at as many: ratio is our time over its time, processor-ratio the
// same of the time that processors worked. There are three kinds of files: with the
// extension of a picture, pictures without one, and no pictures, without one either. The
// files, all empty, and the indexes are made once in the folder that SIGHTLINE_BENCH_DIR
// names; SIGHTLINE_BENCH_FILES is how many of each.
func BenchmarkUnchanged(b *testing.B) {
	dir, err := filepath.EvalSymlinks(os.Getenv("SIGHTLINE_BENCH_DIR"))
	if os.Getenv("SIGHTLINE_BENCH_DIR") == "" || err != nil {
		b.Skip("SIGHTLINE_BENCH_DIR is not set: this takes a million files")
	}
	files := 1_000_000
	if n, err := strconv.Atoi(os.Getenv("SIGHTLINE_BENCH_FILES")); err == nil {
		files = n
	}
	b.Run("extension", func(b *testing.B) { benchmarkUnchanged(b, dir, "files", ".jpg", files, true) })
	b.Run("none", func(b *testing.B) { benchmarkUnchanged(b, dir, "bare", "", files, true) })
	b.Run("others", func(b *testing.B) { benchmarkUnchanged(b, dir, "others", "", files, false) })
}

func benchmarkUnchanged(b *testing.B, dir, name, extension string, files int, pictures bool) {
	root := filepath.Join(dir, fmt.Sprintf("%s-%d", name, files))
	enc := cliptest.New(8)
	spec := enc.Spec()
	options := local.Options{Dir: dir, Collection: fmt.Sprintf("unchanged-%s-%d", name, files), Mode: store.Create,
		Model: store.Model{Fingerprint: spec.Fingerprint, Name: spec.Name, Dim: spec.Dim}}
	o := Options{Walk: walk.Options{KnownExtension: imaging.KnownExtension, OtherKind: otherByName, Sniff: sniffed}}
	run := func() Report {
		st, err := local.Open(b.Context(), options)
		if err != nil {
			b.Fatal(err)
		}
		defer st.Close()
		report, err := New(st, enc, o, nil, slog.New(slog.DiscardHandler)).Run(b.Context(), []string{root})
		if err != nil {
			b.Fatal(err)
		}
		return report
	}
	found := func(r Report) int64 {
		if pictures {
			return r.Unchanged
		}
		return r.Skipped.Files()
	}
	if _, err := os.Stat(root + ".made"); err != nil {
		makeUnchanged(b, options, root, extension, files, spec.Dim, pictures)
		if err := os.WriteFile(root+".made", nil, 0o644); err != nil {
			b.Fatal(err)
		}
		run() // notes what lies about the files
	}
	var ours, find, ourWork, findWork time.Duration
	for b.Loop() {
		start, worked := time.Now(), processorTime(syscall.RUSAGE_SELF)
		if r := run(); found(r) != int64(files) {
			b.Fatalf("%+v", r)
		}
		ours, ourWork = ours+time.Since(start), ourWork+processorTime(syscall.RUSAGE_SELF)-worked
		start, worked = time.Now(), processorTime(syscall.RUSAGE_CHILDREN)
		if err := exec.Command("find", root, "-printf", "%p %s %T@\n").Run(); err != nil {
			b.Skip("there is no GNU find")
		}
		find, findWork = find+time.Since(start), findWork+processorTime(syscall.RUSAGE_CHILDREN)-worked
	}
	b.ReportMetric(ours.Seconds()/float64(b.N), "run-s")
	b.ReportMetric(find.Seconds()/float64(b.N), "find-s")
	b.ReportMetric(float64(ours)/float64(find), "ratio")
	b.ReportMetric(float64(ourWork)/float64(findWork), "processor-ratio")
}

// otherByName and sniffed are what an index run asks, where nothing is a picture by its content.
func otherByName(name string) string {
	if k := imaging.KindOf(name, nil); k != imaging.KindOther && k != imaging.KindPicture {
		return string(k)
	}
	return ""
}

func sniffed(name string, head []byte) (bool, string) {
	return false, string(imaging.KindOf(name, head))
}

// processorTime is the time that processors worked for a process, or for its children.
func processorTime(who int) time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(who, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// makeUnchanged makes empty files, 100 a folder, and records of those that are pictures.
func makeUnchanged(b *testing.B, options local.Options, root, extension string, files, dim int, pictures bool) {
	b.Helper()
	st, err := local.Open(b.Context(), options)
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	vector := make([]float32, dim)
	vector[0] = 1
	var records []store.Record
	for i := range files {
		dir := filepath.Join(root, fmt.Sprintf("year %02d", i/25_000), fmt.Sprintf("album %04d", i/100))
		path := filepath.Join(dir, fmt.Sprintf("IMG_%07d%s", i, extension))
		if i%100 == 0 {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			b.Fatal(err)
		}
		if !pictures {
			continue
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
