package index_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/walk"
)

// world is a folder of pictures, an index, and a model that needs no weights.
type world struct {
	t       testing.TB
	photos  string
	store   store.Store
	encoder *cliptest.Encoder
	options index.Options
	seen    observer
}

func newWorld(t testing.TB) *world {
	t.Helper()
	// Evaluated, because on macOS the temporary folder lies behind a link.
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, photos: filepath.Join(dir, "photos"), encoder: cliptest.New(32)}
	if err := os.Mkdir(w.photos, 0o755); err != nil {
		t.Fatal(err)
	}
	spec := w.encoder.Spec()
	w.store, err = local.Open(t.Context(), local.Options{
		Dir: filepath.Join(dir, "db"), Collection: "default", Mode: store.Create,
		Model: store.Model{Fingerprint: spec.Fingerprint, Name: spec.Name, Dim: spec.Dim},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	w.options = index.Options{Collection: "default", BatchSize: 4, Workers: 3, EmbedWorkers: 2,
		Walk: walk.Options{KnownExtension: imaging.KnownExtension}}
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.photos, filepath.FromSlash(name)) }

// picture writes a PNG whose content depends on shade alone.
func (w *world) picture(name string, shade int) {
	w.t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 20, 15))
	for y := range 15 {
		for x := range 20 {
			img.SetNRGBA(x, y, color.NRGBA{uint8(shade), uint8(shade >> 8), uint8(x * y), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		w.t.Fatal(err)
	}
	w.write(name, b.Bytes())
}

func (w *world) write(name string, data []byte) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), data, 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) indexer() *index.Indexer {
	return index.New(w.store, w.encoder, w.options, &w.seen, slog.New(slog.DiscardHandler))
}

// run indexes the photos, or the given paths, and must succeed.
func (w *world) run(paths ...string) index.Report {
	w.t.Helper()
	if len(paths) == 0 {
		paths = []string{w.photos}
	}
	r, err := w.indexer().Run(w.t.Context(), paths)
	if err != nil {
		w.t.Fatalf("run: %v", err)
	}
	return r
}

// counts are the figures of a report that tests compare.
type counts struct{ Seen, Added, Updated, Unchanged, Moved, Pruned, Failed, FailedBefore, Embedded int64 }

func countsOf(r index.Report) counts {
	return counts{r.Seen, r.Added, r.Updated, r.Unchanged, r.Moved, r.Pruned, r.Failed, r.FailedBefore, r.Embedded}
}

func (w *world) want(r index.Report, want counts) {
	w.t.Helper()
	if got := countsOf(r); got != want {
		w.t.Errorf("report\n got %+v\nwant %+v", got, want)
	}
}

// names lists what the index holds, relative to the photos.
func (w *world) names() []string {
	w.t.Helper()
	var out []string
	for r, err := range w.store.Scan(w.t.Context(), nil, store.Fields{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		rel, err := filepath.Rel(w.photos, r.Path)
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, rel)
	}
	return out
}

func (w *world) failures() map[string]store.Failure {
	w.t.Helper()
	out := make(map[string]store.Failure)
	for f, err := range w.store.Failures(context.Background()) {
		if err != nil {
			w.t.Fatal(err)
		}
		rel, err := filepath.Rel(w.photos, f.Path)
		if err != nil {
			w.t.Fatal(err)
		}
		out[rel] = f
	}
	return out
}

// observer counts what it is told.
type observer struct {
	mu                      sync.Mutex
	planned, seen, embedded int
	failed                  []string
	walkDone                bool
	onEmbedded              func(total int)
}

func (o *observer) Planned(n int) { o.mu.Lock(); defer o.mu.Unlock(); o.planned += n }
func (o *observer) Seen(n int)    { o.mu.Lock(); defer o.mu.Unlock(); o.seen += n }
func (o *observer) Embedded(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.embedded += n
	if o.onEmbedded != nil {
		o.onEmbedded(o.embedded)
	}
}
func (o *observer) Failed(path, _ string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failed = append(o.failed, path)
}
func (o *observer) WalkDone() { o.mu.Lock(); defer o.mu.Unlock(); o.walkDone = true }

// pngHeader is the start of a PNG that claims a size and holds no pixels.
func pngHeader(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	chunk := binary.BigEndian.AppendUint32(nil, w)
	chunk = binary.BigEndian.AppendUint32(chunk, h)
	chunk = append(chunk, 8, 2, 0, 0, 0)
	body := append([]byte("IHDR"), chunk...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(chunk)))
	b = append(b, body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(body))
}
