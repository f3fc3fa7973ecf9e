package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/ort"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

// BenchmarkTag labels a large index with 1,000 labels, the five best of each picture,
// without writing them, and by the built program, which writes all of them, and once
// more with nothing left to do, and again after it was killed twice: the lists of tags must
// be equal to the byte. It reports the most memory that the program had, its mapped
// files included.
//
// The index is made once, in the folder that SIGHTLINE_BENCH_DIR names, of
// SIGHTLINE_BENCH_ROWS pictures, for the model in SIGHTLINE_BENCH_MODEL
// (scripts/bench/make_towers.py makes one of 512 dimensions). Its vectors lie near the
// labels and are otherwise random.
func BenchmarkTag(b *testing.B) {
	env := needEnv(b, "gigabytes and minutes", "SIGHTLINE_BENCH_DIR", "SIGHTLINE_BENCH_MODEL")
	dir, model := env[0], env[1]
	n := fromEnv(b, "SIGHTLINE_BENCH_ROWS", 1_000_000)
	labels := filepath.Join(dir, "labels.txt")
	collection := "tag" + strconv.Itoa(n)
	enc := openModel(b, model)
	makeTagIndex(b, dir, collection, enc, labels, n)
	b.Run("compare", func(b *testing.B) { compareAll(b, dir, collection, enc, labels, n) })

	r := &tagRuns{dir: dir, collection: collection, labels: labels, model: model, n: n}
	r.keepUntagged(b)
	var took time.Duration
	for _, name := range []string{"write", "again", "killed"} {
		b.Run(name, func(b *testing.B) {
			var memory int64
			for b.Loop() {
				b.StopTimer()
				if name != "again" {
					r.untag(b)
				}
				b.StartTimer()
				if name == "killed" {
					r.kill(b, took/4)
					r.kill(b, took/3)
				}
				began := time.Now()
				memory = max(memory, r.run(b, name))
				if name == "write" {
					took = time.Since(began)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "pictures/s")
			b.ReportMetric(float64(memory)/1e6, "MB")
			r.compare(b, name)
		})
	}
}

// tagRuns runs the program over an index that is brought back to what it was before.
type tagRuns struct {
	dir, collection, labels, model string
	n                              int
}

func (r *tagRuns) catalogue() string { return filepath.Join(r.dir, r.collection, "catalogue.db") }
func (r *tagRuns) untagged() string  { return filepath.Join(r.dir, r.collection+".untagged") }
func (r *tagRuns) list(name string) string {
	return filepath.Join(r.dir, r.collection+"."+name+".jsonl")
}

// keepUntagged puts a copy of the catalogue aside, which is where tags are. It is of
// the index as it was made: later calls find one.
func (r *tagRuns) keepUntagged(b *testing.B) {
	b.Helper()
	if _, err := os.Stat(r.untagged()); err == nil {
		return
	}
	copyFile(b, r.catalogue(), r.untagged())
}

// untag takes back what earlier runs have written.
func (r *tagRuns) untag(b *testing.B) {
	b.Helper()
	for _, rest := range []string{r.catalogue() + "-wal", r.catalogue() + "-shm", filepath.Join(r.dir, r.collection, "runs")} {
		if err := os.RemoveAll(rest); err != nil {
			b.Fatal(err)
		}
	}
	copyFile(b, r.untagged(), r.catalogue())
}

func copyFile(b *testing.B, from, to string) {
	b.Helper()
	in, err := os.Open(from)
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	if err := atomicfile.Write(to, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	}); err != nil {
		b.Fatal(err)
	}
}

func (r *tagRuns) command() *exec.Cmd {
	cmd := exec.Command(filepath.Join(programs, "search"), "tag", "--db", r.dir, "--collection", r.collection, "--model", r.model,
		"--labels", r.labels, "--json", "--progress", "none", "--min-probability", "0")
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+filepath.Join(r.dir, "cache"))
	cmd.Stderr = os.Stderr
	return cmd
}

// run does a whole run, keeps its list of tags and returns the most memory it had.
func (r *tagRuns) run(b *testing.B, name string) int64 {
	b.Helper()
	out, err := os.Create(r.list(name))
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	cmd, last := r.command(), &lastLine{}
	cmd.Stdout = io.MultiWriter(out, last)
	if err := cmd.Run(); err != nil {
		b.Fatal(err)
	}
	var got struct{ Pictures int }
	if err := json.Unmarshal([]byte(last.String()), &got); err != nil || got.Pictures != r.n {
		b.Fatalf("%q: %v", last, err)
	}
	if err := out.Truncate(last.before); err != nil { // which says how long it took
		b.Fatal(err)
	}
	return mostMemory(cmd.ProcessState)
}

// kill begins a run, and ends it with SIGKILL in the middle.
func (r *tagRuns) kill(b *testing.B, after time.Duration) {
	b.Helper()
	cmd := r.command()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	time.Sleep(after)
	if err := cmd.Process.Kill(); err != nil {
		b.Fatalf("the run had ended: %v", err)
	}
	if err := cmd.Wait(); err == nil {
		b.Fatal("the run had ended before it was killed")
	}
}

// compare compares the list of a run, byte for byte, with that of the undisturbed one.
func (r *tagRuns) compare(b *testing.B, name string) {
	b.Helper()
	var sums [2][]byte
	for i, path := range []string{r.list("write"), r.list(name)} {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		h := sha256.New()
		size, err := io.Copy(h, f)
		if err = errors.Join(err, f.Close()); err != nil || size == 0 {
			b.Fatalf("%s has %d bytes: %v", path, size, err)
		}
		sums[i] = h.Sum(nil)
	}
	if !bytes.Equal(sums[0], sums[1]) {
		b.Errorf("the run lists other tags than the undisturbed one: %s", r.list(name))
	}
	b.Logf("%s lists what SHA-256 %x stands for", name, sums[1][:8])
}

// openModel opens a bundle.
func openModel(b *testing.B, model string) clip.Encoder {
	b.Helper()
	bundle, err := clip.OpenBundle(model, clip.BundleOptions{Name: model, Pixels: imaging.Fast})
	if err != nil {
		b.Fatal(err)
	}
	fingerprint, err := bundle.Fingerprint(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	enc, err := ort.NewEncoder(bundle, fingerprint, benchLibrary(b), ort.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { enc.Close() })
	return enc
}

// compareAll is what the program does of a run but for writing: reading the index and
// choosing the labels of each picture.
func compareAll(b *testing.B, dir, collection string, enc clip.Encoder, labels string, n int) {
	list, err := label.Load(labels)
	if err != nil {
		b.Fatal(err)
	}
	engine := benchEngine(b)
	c, err := zeroshot.Prepare(b.Context(), enc, list, zeroshot.Options{
		Engine: engine, Codes: engine, Cache: zeroshot.OpenCache(filepath.Join(dir, "cache", "sightline", "labels")),
	})
	if err != nil {
		b.Fatal(err)
	}
	st := openLocal(b, local.Options{Dir: dir, Collection: collection, Mode: store.ReadOnly})
	for _, way := range []string{"read", "read and compare"} {
		b.Run(way, func(b *testing.B) {
			for b.Loop() {
				got := 0
				if way == "read" {
					for _, err := range st.Scan(b.Context(), nil, store.Fields{Vectors: true, AnyOrder: true}) {
						if err != nil {
							b.Fatal(err)
						}
						got++
					}
				} else {
					for _, err := range tagging.TagImages(b.Context(), st, c, tagging.WalkOptions{Top: 5, AnyOrder: true}) {
						if err != nil {
							b.Fatal(err)
						}
						got++
					}
				}
				if got != n {
					b.Fatalf("%d pictures of %d", got, n)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "pictures/s")
		})
	}
}

// lastLine keeps the last line of what is written to it, and how much came before.
type lastLine struct {
	line   []byte
	before int64
}

func (l *lastLine) Write(p []byte) (int, error) {
	l.line = append(l.line, p...)
	if at := bytes.LastIndexByte(bytes.TrimSuffix(l.line, []byte("\n")), '\n'); at >= 0 {
		l.before += int64(at + 1)
		l.line = append(l.line[:0], l.line[at+1:]...)
	}
	return len(p), nil
}

func (l *lastLine) String() string { return string(l.line) }

// makeTagIndex makes the index and the list, or completes them.
func makeTagIndex(b *testing.B, dir, collection string, enc clip.Encoder, labels string, n int) {
	b.Helper()
	names := zeroshot.BackgroundPrompts()
	for len(names) < 1000 {
		names = append(names, names[len(names)-len(zeroshot.BackgroundPrompts())]+" again")
	}
	names = names[:1000]
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(labels, []byte(strings.Join(names, "\n")+"\n"), 0o644); err != nil {
		b.Fatal(err)
	}
	spec := enc.Spec()
	st := openLocal(b, local.Options{Dir: dir, Collection: collection, Mode: store.Create, Model: store.Model{
		Fingerprint: spec.Fingerprint, Name: spec.Name, Precision: spec.Precision, Pixels: string(spec.Preprocess.Mode), Dim: spec.Dim,
	}})
	defer st.Close()
	have, err := st.Count(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	if int(have) == n {
		return
	}
	centres, err := enc.EncodeTexts(b.Context(), names)
	if err != nil {
		b.Fatal(err)
	}
	spread(b, centres)
	fill(b, st, rand.New(rand.NewPCG(1, 2)), int(have), n, centres)
}

// spread takes away what the embeddings of all texts have in common.
func spread(b *testing.B, m vec.Matrix) {
	b.Helper()
	mean := make([]float32, m.Cols)
	for i := range m.Rows {
		for j, x := range m.Row(i) {
			mean[j] += x / float32(m.Rows)
		}
	}
	for i := range m.Rows {
		row := m.Row(i)
		for j := range row {
			row[j] -= mean[j]
		}
		if err := vec.Normalize(row); err != nil {
			b.Fatal(err)
		}
	}
}
