package index_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("database/sql.(*DB).connectionOpener")) // ends with the store, in cleanup
}

func TestIncremental(t *testing.T) {
	w := newWorld(t)
	for i := range 11 {
		w.picture(fmt.Sprintf("a/%02d.png", i), i)
	}
	w.want(w.run(), counts{Seen: 11, Added: 11, Embedded: 11})
	w.want(w.run(), counts{Seen: 11, Unchanged: 11})

	w.picture("b/new.png", 100)
	w.picture("a/03.png", 101)
	w.want(w.run(), counts{Seen: 12, Added: 1, Updated: 1, Unchanged: 10, Embedded: 2})

	// Only the time changed: the content is known, so nothing is embedded.
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(w.path("a/04.png"), later, later); err != nil {
		t.Fatal(err)
	}
	w.want(w.run(), counts{Seen: 12, Unchanged: 12})
	w.want(w.run(), counts{Seen: 12, Unchanged: 12})
	if got := w.encoder.Images(); got != 13 {
		t.Errorf("%d pictures went through the model, want 13", got)
	}
	if !w.seen.walkDone || w.seen.planned != w.seen.embedded {
		t.Errorf("observer: planned %d, embedded %d, walk done %v", w.seen.planned, w.seen.embedded, w.seen.walkDone)
	}
}

// Each record must hold the embedding of its own file, whatever the batches did.
func TestRecordsKeepTheirOwnEmbedding(t *testing.T) {
	w := newWorld(t)
	const n = 57
	for i := range n {
		if i%5 == 0 { // failures in between must not shift anything
			w.write(fmt.Sprintf("%03d-broken.png", i), []byte("\x89PNG\r\n\x1a\nnot really"))
		}
		w.picture(fmt.Sprintf("%03d.png", i), i*31)
	}
	w.run()
	alone := newWorld(t)
	alone.options.BatchSize, alone.options.Workers, alone.options.EmbedWorkers = 1, 1, 1
	for i := range n {
		alone.picture(fmt.Sprintf("%03d.png", i), i*31)
	}
	alone.run()
	vectors := func(w *world) map[string][]float32 {
		out := make(map[string][]float32)
		for r, err := range w.store.Scan(t.Context(), nil, store.Fields{Vectors: true}) {
			if err != nil {
				t.Fatal(err)
			}
			out[filepath.Base(r.Path)] = r.Vector
		}
		return out
	}
	got, want := vectors(w), vectors(alone)
	if len(got) != n || len(want) != n {
		t.Fatalf("%d and %d records, want %d", len(got), len(want), n)
	}
	for name := range want {
		if fmt.Sprint(got[name]) != fmt.Sprint(want[name]) {
			t.Errorf("%s has another picture's embedding", name)
		}
	}
}

func TestMovedAndCopied(t *testing.T) {
	w := newWorld(t)
	for i := range 6 {
		w.picture(fmt.Sprintf("old/%d.png", i), i)
	}
	w.run()
	id := store.ID("default", w.path("old/0.png"))
	tag := map[string][]store.Tag{id: {{Label: "mine", Source: "user"}}}
	if err := w.store.SetTags(t.Context(), "user", tag); err != nil {
		t.Fatal(err)
	}

	if err := os.Rename(w.path("old"), w.path("new")); err != nil {
		t.Fatal(err)
	}
	w.want(w.run(), counts{Seen: 6, Moved: 6})
	recs, err := w.store.Get(t.Context(), []string{store.ID("default", w.path("new/0.png"))})
	if err != nil || len(recs) != 1 || len(recs[0].Tags) != 1 || recs[0].Tags[0].Label != "mine" {
		t.Errorf("the moved picture lost its tag: %+v, %v", recs, err)
	}

	w.picture("copy.png", 0) // the same content as new/0.png
	w.want(w.run(), counts{Seen: 7, Added: 1, Unchanged: 6})
	if got := w.encoder.Images(); got != 6 {
		t.Errorf("%d pictures went through the model, want 6", got)
	}
}

// A picture that is edited keeps what a person said of it.
func TestEditedKeepsUserTags(t *testing.T) {
	w := newWorld(t)
	w.picture("a.png", 1)
	w.run()
	id := store.ID("default", w.path("a.png"))
	for _, source := range []string{"user", "run:1"} {
		if err := w.store.SetTags(t.Context(), source, map[string][]store.Tag{id: {{Label: source, Source: source}}}); err != nil {
			t.Fatal(err)
		}
	}
	w.picture("a.png", 2)
	w.want(w.run(), counts{Seen: 1, Updated: 1, Embedded: 1})
	recs, err := w.store.Get(t.Context(), []string{id})
	if err != nil || len(recs) != 1 || len(recs[0].Tags) != 1 || recs[0].Tags[0].Source != "user" {
		t.Errorf("tags after an edit: %+v, %v", recs, err)
	}
}

func TestPruneGuard(t *testing.T) {
	setup := func(t *testing.T) *world {
		w := newWorld(t)
		for i := range 10 {
			w.picture(fmt.Sprintf("%d.png", i), i)
		}
		w.run()
		return w
	}
	remove := func(w *world, names ...string) {
		for _, n := range names {
			if err := os.RemoveAll(w.path(n)); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	t.Run("a fifth is pruned", func(t *testing.T) {
		w := setup(t)
		remove(w, "1.png", "2.png")
		w.want(w.run(), counts{Seen: 8, Unchanged: 8, Pruned: 2})
	})
	t.Run("more is refused until forced", func(t *testing.T) {
		w := setup(t)
		remove(w, "1.png", "2.png", "3.png")
		r := w.run()
		w.want(r, counts{Seen: 7, Unchanged: 7})
		if len(r.Refusals) != 1 || r.Refusals[0].Missing || len(w.names()) != 10 {
			t.Errorf("refusals %+v, %d records", r.Refusals, len(w.names()))
		}
		w.options.Pruning = index.Forced
		w.want(w.run(), counts{Seen: 7, Unchanged: 7, Pruned: 3})
	})
	t.Run("missing root", func(t *testing.T) {
		w := setup(t)
		remove(w, "")
		r, err := w.indexer().Run(t.Context(), []string{w.photos})
		if !errors.Is(err, index.ErrNoRoots) || len(r.Refusals) != 1 || !r.Refusals[0].Missing {
			t.Errorf("error %v, refusals %+v", err, r.Refusals)
		}
		if len(w.names()) != 10 {
			t.Errorf("%d records left of 10", len(w.names()))
		}
		pruned, refusals, err := index.Prune(t.Context(), w.store, nil, index.Guarded)
		if pruned.Records != 0 || len(refusals) != 1 || err != nil {
			t.Errorf("prune: %+v, %+v, %v", pruned, refusals, err)
		}
		pruned, _, err = index.Prune(t.Context(), w.store, nil, index.Forced)
		if pruned.Records != 10 || err != nil {
			t.Errorf("forced prune: %+v, %v", pruned, err)
		}
	})
	t.Run("without a run", func(t *testing.T) {
		w := setup(t)
		remove(w, "4.png")
		pruned, refusals, err := index.Prune(t.Context(), w.store, []string{w.photos}, index.Guarded)
		if pruned.Records != 1 || len(refusals) != 0 || err != nil {
			t.Errorf("prune: %+v, %+v, %v", pruned, refusals, err)
		}
	})
	t.Run("no prune", func(t *testing.T) {
		w := setup(t)
		remove(w, "4.png")
		w.options.Pruning = index.Never
		w.want(w.run(), counts{Seen: 9, Unchanged: 9})
	})
	t.Run("another path is left alone", func(t *testing.T) {
		w := setup(t)
		w.picture("sub/x.png", 50)
		w.run()
		remove(w, "4.png")
		w.want(w.run(w.path("sub")), counts{Seen: 1, Unchanged: 1})
		if len(w.names()) != 11 {
			t.Errorf("%d records, want 11", len(w.names()))
		}
	})
	t.Run("a folder that became ignored", func(t *testing.T) {
		w := setup(t)
		w.picture("skip/x.png", 50)
		w.run()
		w.write(".sightlineignore", []byte("skip/\n"))
		w.want(w.run(), counts{Seen: 10, Unchanged: 10, Pruned: 1})
	})
}

func TestFailures(t *testing.T) {
	w := newWorld(t)
	w.picture("good.png", 1)
	w.write("empty.jpg", nil)
	w.write("text.jpg", []byte("this is no picture"))
	whole := mustRead(t, w.path("good.png"))
	w.write("cut.png", whole[:len(whole)/2])
	w.write("name with 'quotes' \"and\" \n newline 🦊.jpg", []byte("neither"))
	w.write("notes.txt", []byte("passed over in silence"))

	w.want(w.run(), counts{Seen: 5, Added: 1, Failed: 4, Embedded: 1})
	got := w.failures()
	for _, name := range []string{"empty.jpg", "text.jpg", "cut.png", "name with 'quotes' \"and\" \n newline 🦊.jpg"} {
		f, ok := got[name]
		if !ok || f.Reason == "" || strings.Contains(f.Reason, w.photos) || f.Attempts != 1 {
			t.Errorf("failure of %q: %+v", name, f)
		}
	}
	// Not tried again while they are as they were ...
	w.want(w.run(), counts{Seen: 5, Unchanged: 1, FailedBefore: 4})
	// ... but when they change ...
	w.write("cut.png", append(whole, 0))
	w.want(w.run(), counts{Seen: 5, Added: 1, Unchanged: 1, FailedBefore: 3, Embedded: 1})
	// ... or when that is asked for.
	r, err := w.indexer().Retry(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.want(r, counts{Seen: 3, Failed: 3})
	if f := w.failures()["text.jpg"]; f.Attempts != 2 || f.Root != w.photos {
		t.Errorf("after a retry: %+v", f)
	}
	// A failure whose file is gone is forgotten, by a run and by a retry.
	if err := os.Remove(w.path("text.jpg")); err != nil {
		t.Fatal(err)
	}
	w.run()
	if err := os.Remove(w.path("empty.jpg")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.indexer().Retry(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.failures(); len(got) != 1 {
		t.Errorf("failures left: %v", got)
	}
}

// A picture that turns bad loses its record: what it described is gone.
func TestPictureTurnsBad(t *testing.T) {
	w := newWorld(t)
	w.picture("a.png", 1)
	w.run()
	w.write("a.png", []byte("overwritten"))
	w.want(w.run(), counts{Seen: 1, Failed: 1})
	if n := w.names(); len(n) != 0 {
		t.Errorf("records left: %v", n)
	}
}

func TestHostileFiles(t *testing.T) {
	w := newWorld(t)
	w.picture("good.png", 1)
	w.picture("latin1-\xe9t\xe9.png", 2)
	if err := syscall.Mkfifo(w.path("pipe.jpg"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere.jpg", w.path("dangling.jpg")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", w.path("dangling")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(w.photos, w.path("loop")); err != nil {
		t.Fatal(err)
	}
	w.options.Limits.MaxPixels = 20 * 15
	w.write("bomb.png", pngHeader(60_000, 60_000))
	r := w.run()
	w.want(r, counts{Seen: 3, Added: 2, Failed: 1, Embedded: 2})
	if r.BrokenLinks != 2 || r.BrokenLink != w.path("dangling") {
		t.Errorf("%d links lead nowhere, first %s; want dangling and dangling.jpg", r.BrokenLinks, r.BrokenLink)
	}
	if f := w.failures(); len(f) != 1 || !strings.Contains(f["bomb.png"].Reason, "60000x60000") {
		t.Errorf("failures: %+v", f)
	}
}

// What lay behind a link that leads nowhere is unknown, not gone: it may come back with
// a disk. Nothing else is kept for its sake.
func TestDanglingLinks(t *testing.T) {
	w := newWorld(t)
	away := t.TempDir()
	for i := range 20 {
		w.picture(fmt.Sprintf("%d.png", i), i)
	}
	w.picture("album/a.png", 100)
	w.picture("album/b.png", 101)
	w.picture("album-2/c.png", 102)
	w.picture("one.png", 103)
	for _, name := range []string{"album", "one.png"} {
		if err := os.Rename(w.path(name), filepath.Join(away, name)); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(away, name), w.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	w.want(w.run(), counts{Seen: 24, Added: 24, Embedded: 24})
	if err := os.RemoveAll(away); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(w.path("album-2/c.png")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r := w.run()
		if r.Failed != 0 || r.BrokenLinks != 2 || len(r.Refusals) != 0 || len(w.names()) != 23 {
			t.Errorf("%d records of 23, report %+v", len(w.names()), r)
		}
	}
	var all int64
	for n := range 3 {
		w.options.Shard = index.Shard{Number: n + 1, Count: 3}
		all += w.run().BrokenLinks
	}
	if all != 2 {
		t.Errorf("three shards count %d links that lead nowhere, want 2", all)
	}
}

func TestFolderWithoutPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		// Root reads everything, so the folder is made unreadable by taking its place.
		testUnreadable(t, func(w *world) {
			if err := os.Rename(w.path("sub"), w.path("sub.away")); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("sub", w.path("sub")); err != nil { // a link to itself: ELOOP
				t.Fatal(err)
			}
		})
		return
	}
	testUnreadable(t, func(w *world) {
		if err := os.Chmod(w.path("sub"), 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(w.path("sub"), fs.FileMode(0o755)) })
	})
}

// What lies in a folder that cannot be looked into is unknown, not gone.
func testUnreadable(t *testing.T, shut func(*world)) {
	w := newWorld(t)
	for i := range 20 {
		w.picture(fmt.Sprintf("%d.png", i), i)
	}
	w.picture("sub/inside.png", 99)
	w.options.Walk.Ignore = []string{"*.away"}
	w.run()
	shut(w)
	r := w.run()
	if r.Pruned != 0 || len(w.names()) != 21 {
		t.Errorf("%d pruned, %d records left of 21", r.Pruned, len(w.names()))
	}
}

// A file that may not be looked at is a failure, and its record stays as it was.
func TestFileThatCannotBeLookedAt(t *testing.T) {
	w := newWorld(t)
	for i := range 20 {
		w.picture(fmt.Sprintf("%d.png", i), i)
	}
	w.run()
	away := filepath.Join(t.TempDir(), "7.png")
	if err := os.Rename(w.path("7.png"), away); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(strings.Repeat("x", 300), w.path("7.png")); err != nil { // ENAMETOOLONG, also for root
		t.Fatal(err)
	}
	for range 2 {
		w.want(w.run(), counts{Seen: 20, Unchanged: 19, Failed: 1})
	}
	if len(w.names()) != 20 || len(w.failures()) != 0 {
		t.Errorf("%d records of 20, failures %v", len(w.names()), w.failures())
	}
	if err := os.Rename(away, w.path("7.png")); err != nil {
		t.Fatal(err)
	}
	w.want(w.run(), counts{Seen: 20, Unchanged: 20})
}

// What is deleted while the walk goes on has vanished, and has not failed.
func TestVanishingWhileWalking(t *testing.T) {
	w := newWorld(t)
	w.picture("a.png", 1)
	w.picture("b.png", 2)
	w.picture("sub/c.png", 3)
	w.options.Walk.Readers = -1
	first := true
	w.options.Walk.KnownExtension = func(name string) bool {
		if first { // called while the first name is looked at
			first = false
			if err := errors.Join(os.Remove(w.path("b.png")), os.RemoveAll(w.path("sub"))); err != nil {
				t.Error(err)
			}
		}
		return imaging.KnownExtension(name)
	}
	r := w.run()
	w.want(r, counts{Seen: 3, Added: 1, Embedded: 1})
	if r.Vanished != 2 || len(w.failures()) != 0 {
		t.Errorf("%d vanished, want 2; failures %v", r.Vanished, w.failures())
	}
}

func TestInterrupt(t *testing.T) {
	w := newWorld(t)
	const n = 200
	for i := range n {
		w.picture(fmt.Sprintf("%03d.png", i), i)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w.seen.onEmbedded = func(int) { cancel() }
	r, err := w.indexer().Run(ctx, []string{w.photos})
	if !errors.Is(err, context.Canceled) || !r.Interrupted {
		t.Fatalf("error %v, report %+v", err, r)
	}
	if got := int64(len(w.names())); got == 0 || got != r.Added || got != r.Embedded {
		t.Errorf("%d records are durable, the report says %d added", got, r.Added)
	}
	w.seen.onEmbedded = nil
	rest := w.run()
	if rest.Added+r.Added != n || rest.Unchanged != r.Added {
		t.Errorf("first %+v\nthen %+v", countsOf(r), countsOf(rest))
	}
}

// wrong lets a store fail at a chosen call.
type wrong struct {
	store.Store
	upserts int
}

var errDisk = fmt.Errorf("writing vectors: %w", syscall.ENOSPC)

func (w *wrong) Upsert(ctx context.Context, r []store.Record) error {
	if w.upserts--; w.upserts < 0 {
		return errDisk
	}
	return w.Store.Upsert(ctx, r)
}

func TestStoreFails(t *testing.T) {
	w := newWorld(t)
	const n = 600 // more than one commit
	for i := range n {
		w.picture(fmt.Sprintf("%03d.png", i), i)
	}
	healthy := w.store
	w.store = &wrong{Store: healthy, upserts: 1}
	r, err := w.indexer().Run(t.Context(), []string{w.photos})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("error %v", err)
	}
	w.store = healthy
	if got := int64(len(w.names())); got != r.Added || got == 0 {
		t.Errorf("%d records are durable, the report says %d", got, r.Added)
	}
	if rest := w.run(); rest.Added+r.Added != n {
		t.Errorf("after the disk was cleared %d + %d of %d", r.Added, rest.Added, n)
	}
}

func TestModelFails(t *testing.T) {
	w := newWorld(t)
	for i := range 40 {
		w.picture(fmt.Sprintf("%03d.png", i), i)
	}
	broken := errors.New("out of memory")
	w.encoder.OnImages = func(_ context.Context, call int, _ *clip.Batch) error {
		if call > 3 {
			return broken
		}
		return nil
	}
	if _, err := w.indexer().Run(t.Context(), []string{w.photos}); !errors.Is(err, broken) {
		t.Fatalf("error %v", err)
	}
}

// What cannot be prepared must not reach the index as something else.
func TestPreparingFails(t *testing.T) {
	w := newWorld(t)
	for i := range 9 {
		w.picture(fmt.Sprintf("%d.png", i), i)
	}
	w.encoder.WithSpec(func(s *clip.Spec) { s.Preprocess.Fit = "stretched" })
	if _, err := w.indexer().Run(t.Context(), []string{w.photos}); err == nil || !strings.Contains(err.Error(), "stretched") {
		t.Errorf("error %v", err)
	}
	if n := w.names(); len(n) != 0 {
		t.Errorf("records: %v", n)
	}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
