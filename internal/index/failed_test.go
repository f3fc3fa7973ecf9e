package index_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
)

// tagByHand gives a picture a tag of a person.
func (w *world) tagByHand(name string) {
	w.t.Helper()
	id := store.ID("default", w.path(name))
	if err := w.store.SetTags(w.t.Context(), "user", map[string][]store.Tag{id: {{Label: "mine", Source: "user"}}}); err != nil {
		w.t.Fatal(err)
	}
}

// tagged are the names of the pictures with the tag of tagByHand.
func (w *world) tagged() string {
	w.t.Helper()
	var names []string
	for r, err := range w.store.Scan(w.t.Context(), store.HasTag("mine"), store.Fields{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		names = append(names, strings.TrimPrefix(r.Path, w.photos+"/"))
	}
	return strings.Join(names, " ")
}

// unreadable is how the system may refuse a file: when it is opened, or only when it is read.
var unreadable = map[string]func(path string) (*os.File, error){
	"no permission": func(path string) (*os.File, error) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.EACCES}
	},
	"a disk error": func(path string) (*os.File, error) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.EIO}
	},
	"a lost mount": func(path string) (*os.File, error) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.ESTALE}
	},
	"reading fails": func(path string) (*os.File, error) { return os.OpenFile(path, os.O_WRONLY, 0) },
}

// A file that the system does not give costs no record and no tag, and is tried again by each
// run until it does.
func TestUnreadFiles(t *testing.T) {
	for name, open := range unreadable {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.picture("old.png", 1)
			w.picture("same.png", 2)
			w.run()
			w.tagByHand("old.png")
			w.picture("old.png", 3)
			w.picture("new.png", 4)
			refuse := func(path string) (*os.File, error) {
				if strings.HasSuffix(path, "same.png") {
					return os.Open(path)
				}
				return open(path)
			}
			for n := range 3 {
				r, err := w.indexer().OpenWith(refuse).Run(t.Context(), []string{w.photos})
				if err != nil {
					t.Fatal(err)
				}
				want := counts{Seen: 3, Unchanged: 1, Failed: 2}
				if n > 0 { // what has no record is reported once
					want = counts{Seen: 3, Unchanged: 1, Failed: 1, FailedBefore: 1}
				}
				w.want(r, want)
				if got, left := w.tagged(), len(w.names()); got != "old.png" || left != 2 {
					t.Fatalf("run %d: tagged %q, %d records", n, got, left)
				}
				if f := w.failures(); len(f) != 1 || f["new.png"].Reason == "" || f["new.png"].Attempts != 1 {
					t.Fatalf("run %d: failures %+v", n, f)
				}
			}
			// Asked for, it is reported again.
			r, err := w.indexer().OpenWith(refuse).Retry(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			w.want(r, counts{Seen: 1, Failed: 1})
			w.want(w.run(), counts{Seen: 3, Added: 1, Updated: 1, Unchanged: 1, Embedded: 2})
			if got := w.tagged(); got != "old.png" || len(w.failures()) != 0 {
				t.Errorf("afterwards tagged %q, failures %v", got, w.failures())
			}
		})
	}
}

// What is the same for every file ends the run, and is no file's failure.
func TestExhaustedProcess(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM} {
		w := newWorld(t)
		w.picture("a.png", 1)
		_, err := w.indexer().OpenWith(func(path string) (*os.File, error) {
			return nil, &fs.PathError{Op: "open", Path: path, Err: errno}
		}).Run(t.Context(), []string{w.photos})
		if !errors.Is(err, errno) || len(w.failures()) != 0 {
			t.Errorf("%v: the run ends with %v, failures %v", errno, err, w.failures())
		}
	}
}

// A picture that a person tagged keeps its record while its file is damaged, or half written.
func TestTaggedPictureTurnsBad(t *testing.T) {
	w := newWorld(t)
	w.picture("a.png", 1)
	w.picture("b.png", 2)
	w.run()
	w.tagByHand("a.png")
	for _, name := range []string{"a.png", "b.png"} {
		w.write(name, []byte("half of it"))
	}
	w.want(w.run(), counts{Seen: 2, Failed: 2})
	w.want(w.run(), counts{Seen: 2, Failed: 1, FailedBefore: 1})
	if got := w.tagged(); got != "a.png" {
		t.Errorf("while it is damaged, tagged %q", got)
	}
	w.picture("a.png", 3)
	w.want(w.run(), counts{Seen: 2, Updated: 1, FailedBefore: 1, Embedded: 1})
	if got := w.tagged(); got != "a.png" {
		t.Errorf("when it is whole again, tagged %q", got)
	}
	if err := os.Remove(w.path("a.png")); err != nil {
		t.Fatal(err)
	}
	w.options.Pruning = index.Forced
	if r := w.run(); r.Pruned != 1 {
		t.Errorf("a picture that is gone: %+v", r)
	}
}
