package index_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

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
	t.Run("a rule that leaves out everything is more likely a mistake", func(t *testing.T) {
		w := setup(t)
		w.write(".sightlineignore", []byte("*\n"))
		r := w.run()
		if len(r.Refusals) != 1 || !r.Refusals[0].Ignored || r.Refusals[0].Records != 10 || r.Pruned != 0 || len(w.names()) != 10 {
			t.Errorf("%+v, %d records", r, len(w.names()))
		}
		w.options.Pruning = index.Forced
		if r := w.run(); r.Pruned != 10 || len(w.names()) != 0 {
			t.Errorf("forced: %+v, %d records", r, len(w.names()))
		}
	})
}

var errDisk = fmt.Errorf("writing vectors: %w", syscall.ENOSPC)

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
