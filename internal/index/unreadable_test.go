package index_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/index"
)

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
