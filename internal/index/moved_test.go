package index_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// rename moves a file or folder, whose names are relative to the photos.
func (w *world) rename(from, to string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(to)), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(w.path(from), w.path(to)); err != nil {
		w.t.Fatal(err)
	}
}

// tag gives a picture a tag of a person's and one of a run's, by the picture's name.
func (w *world) tag(name string) {
	w.t.Helper()
	for _, source := range []string{"user", "run:1"} {
		tags := map[string][]store.Tag{store.ID("default", w.path(name)): {{Label: name, Source: source}}}
		if err := w.store.SetTags(w.t.Context(), source, tags); err != nil {
			w.t.Fatal(err)
		}
	}
}

// tags lists what tag gave, by the names of the pictures that have it.
func (w *world) tags() map[string][]string {
	w.t.Helper()
	out := make(map[string][]string)
	for r, err := range w.store.Scan(w.t.Context(), nil, store.Fields{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		rel, err := filepath.Rel(w.photos, r.Path)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, t := range r.Tags {
			out[rel] = append(out[rel], t.Source+" "+t.Label)
		}
		slices.Sort(out[rel])
	}
	return out
}

// A collection whose root is another one now takes its records and their tags along.
func TestMovedRoot(t *testing.T) {
	for _, c := range []struct {
		name          string
		oldRoot, was  string // the root of the first run, and the folder of the pictures in it
		newRoot, is   string // of the second
		from, to      string // what is renamed in between
		moved         bool
		emptyFolderAt string // made after that
	}{
		{name: "renamed", oldRoot: "old", was: "old/2020", newRoot: "new", is: "new/2020", from: "old", to: "new", moved: true},
		{name: "with a mount point left", oldRoot: "old", was: "old/2020", newRoot: "new", is: "new/2020", from: "old", to: "new", moved: true, emptyFolderAt: "old"},
		{name: "under a wider root", oldRoot: "a/old", was: "a/old/2020", newRoot: "b", is: "b/old/2020", from: "a", to: "b", moved: true},
		{name: "under a narrower root", oldRoot: "old", was: "old/x/2020", newRoot: "new/x", is: "new/x/2020", from: "old", to: "new", moved: true},
		{name: "to other folders", oldRoot: "old", was: "old/2020", newRoot: "new", is: "new/2021", from: "old", to: "new"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			for i := range 3 {
				w.picture(fmt.Sprintf("%s/%d.png", c.was, i), i)
			}
			w.write(c.was+"/bad.png", []byte("no picture at all"))
			w.run(w.path(c.oldRoot))
			w.tag(c.was + "/1.png")
			w.rename(c.from, c.to)
			if c.emptyFolderAt != "" {
				if err := os.Mkdir(w.path(c.emptyFolderAt), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if !c.moved {
				w.rename("new/2020", "new/2021")
				w.want(w.run(w.path(c.newRoot)), counts{Seen: 4, Added: 3, Failed: 1})
				if tags := w.tags(); len(tags["new/2021/1.png"]) != 0 || len(w.names()) != 6 {
					t.Errorf("records %q, tags %v", w.names(), tags)
				}
				return
			}
			w.want(w.run(w.path(c.newRoot)), counts{Seen: 4, Moved: 3, Failed: 1})
			if failures := slices.Collect(maps.Keys(w.failures())); !slices.Equal(failures, []string{c.is + "/bad.png"}) {
				t.Errorf("failures: %q", failures)
			}
			if n := len(w.names()); n != 3 {
				t.Errorf("%d records: %q", n, w.names())
			}
			want := map[string][]string{c.is + "/1.png": {"run:1 " + c.was + "/1.png", "user " + c.was + "/1.png"}}
			if diff := cmp.Diff(want, w.tags()); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
			w.want(w.run(w.path(c.newRoot)), counts{Seen: 4, Unchanged: 3, FailedBefore: 1})
		})
	}
}

// While its old root is there, a copy stays a copy, and so does the name of a hard link.
func TestCopiesAndHardLinks(t *testing.T) {
	w := newWorld(t)
	w.picture("a/1.png", 1)
	w.run(w.path("a"))
	w.tag("a/1.png")
	w.picture("b/1.png", 1)
	if err := os.Link(w.path("a/1.png"), w.path("b/2.png")); err != nil {
		t.Skip(err)
	}
	w.want(w.run(w.path("b")), counts{Seen: 2, Added: 2})
	if diff := cmp.Diff(map[string][]string{"a/1.png": {"run:1 a/1.png", "user a/1.png"}}, w.tags()); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

// Many pictures with one content each find their own record again.
func TestMovedTwins(t *testing.T) {
	const n = 150 // more than are looked at first
	w := newWorld(t)
	for i := range n {
		w.picture(fmt.Sprintf("old/%03d.png", i), 0)
	}
	w.run(w.path("old"))
	w.tag("old/120.png")
	w.rename("old", "new")
	w.want(w.run(w.path("new")), counts{Seen: n, Moved: n})
	if got := w.tags()["new/120.png"]; len(got) != 2 || len(w.names()) != n {
		t.Errorf("%d records, tags %v", len(w.names()), w.tags())
	}
}

// A root that is a link is indexed by the path of what it leads to, unless the index has
// it by the link's. Going through both doubles nothing.
// asReadUnder makes the records of a folder what an older program made of them that was
// given a link to the folder: records of paths below the link.
func (w *world) asReadUnder(folder, link string) {
	w.t.Helper()
	var old []store.Record
	for r, err := range w.store.Scan(w.t.Context(), nil, store.Fields{Vectors: true}) {
		if err != nil {
			w.t.Fatal(err)
		}
		old = append(old, r)
	}
	for _, r := range old {
		if err := w.store.Delete(w.t.Context(), []string{r.ID}); err != nil {
			w.t.Fatal(err)
		}
		r.Path, r.Root = w.path(link+strings.TrimPrefix(r.Path, w.path(folder))), w.path(link)
		r.ID = store.ID("default", r.Path)
		if err := w.store.Upsert(w.t.Context(), []store.Record{r}); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestAliasOfARoot(t *testing.T) {
	alias := func(w *world) {
		w.picture("real/sub/a.png", 1)
		w.picture("real/b.png", 2)
		if err := os.Symlink("real", w.path("alias")); err != nil {
			t.Skip(err)
		}
	}
	real := []string{"real/b.png", "real/sub/a.png"}
	t.Run("by the link first", func(t *testing.T) {
		w := newWorld(t)
		alias(w)
		w.want(w.run(w.path("alias")), counts{Seen: 2, Added: 2, Embedded: 2})
		w.want(w.run(w.path("real")), counts{Seen: 2, Unchanged: 2})
		w.want(w.run(w.path("alias/sub")), counts{Seen: 1, Unchanged: 1})
		if diff := cmp.Diff(real, sorted(w.names())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("by the link in an older index", func(t *testing.T) {
		w := newWorld(t)
		alias(w)
		w.run(w.path("real"))
		w.asReadUnder("real", "alias")
		w.tag("alias/b.png")
		w.want(w.run(w.path("alias")), counts{Seen: 2, Unchanged: 2})
		w.want(w.run(w.path("real")), counts{Seen: 2, Moved: 2})
		w.want(w.run(w.path("alias")), counts{Seen: 2, Unchanged: 2})
		if diff := cmp.Diff(real, sorted(w.names())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got := w.tags()["real/b.png"]; len(got) != 2 {
			t.Errorf("tags %v", w.tags())
		}
	})
}

func sorted(names []string) []string { slices.Sort(names); return names }

// What is left out on purpose goes, however much of the collection it is.
func TestExcludedIsNotVanished(t *testing.T) {
	for name, exclude := range map[string]func(*world){
		"ignored by an option": func(w *world) { w.options.Walk.Ignore = []string{"most/"} },
		"ignored by a file":    func(w *world) { w.write(walk.IgnoreFile, []byte("most/\n")) },
		"files ignored":        func(w *world) { w.options.Walk.Ignore = []string{"most/*.png"} },
		"no media":             func(w *world) { w.write("most/.nomedia", nil) },
		"ignored and deleted": func(w *world) {
			w.options.Walk.Ignore = []string{"most/"}
			for i := range 5 {
				os.Remove(w.path(fmt.Sprintf("most/%d.png", i)))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for i := range 9 {
				w.picture(fmt.Sprintf("most/%d.png", i), i)
			}
			w.picture("rest/a.png", 100)
			w.run()
			exclude(w)
			r := w.run()
			w.want(r, counts{Seen: 1, Unchanged: 1, Pruned: 9})
			if len(r.Refusals) != 0 || r.Skipped.Files()+r.Skipped.FolderCount() == 0 {
				t.Errorf("refusals %v, skipped %+v", r.Refusals, r.Skipped)
			}
		})
	}
	t.Run("hidden no longer wanted", func(t *testing.T) {
		w := newWorld(t)
		w.options.Walk.Hidden = true
		w.picture(".h/1.png", 1)
		w.picture(".2.png", 2)
		w.picture("3.png", 3)
		w.run()
		w.options.Walk.Hidden = false
		w.want(w.run(), counts{Seen: 1, Unchanged: 1, Pruned: 2})
	})
	t.Run("kept with no pruning", func(t *testing.T) {
		w := newWorld(t)
		w.picture("a/1.png", 1)
		w.run()
		w.options.Walk.Ignore, w.options.Pruning = []string{"a/"}, index.Never
		w.want(w.run(), counts{})
	})
}

// An edit that keeps size and time is found when it is asked for.
func TestRecheck(t *testing.T) {
	w := newWorld(t)
	w.write("a.bmp", bitmap(1))
	w.write("b.bmp", bitmap(2))
	w.run()
	info, err := os.Stat(w.path("a.bmp"))
	if err != nil {
		t.Fatal(err)
	}
	w.write("a.bmp", bitmap(3))
	if err := os.Chtimes(w.path("a.bmp"), time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
	w.options.Recheck = true
	w.want(w.run(), counts{Seen: 2, Updated: 1, Unchanged: 1, Embedded: 1})
	w.want(w.run(), counts{Seen: 2, Unchanged: 2})
	if w.encoder.Images() != 3 {
		t.Errorf("%d pictures went through the model, want 3", w.encoder.Images())
	}
}

// Where the system tells that a file was changed, such an edit is found by any run. What
// is changed about a file besides embeds nothing.
func TestEditThatKeepsSizeAndTime(t *testing.T) {
	w := newWorld(t)
	w.write("a.bmp", bitmap(1))
	w.write("b.bmp", bitmap(2))
	w.run()
	info, err := os.Stat(w.path("a.bmp"))
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond) // clocks of file systems are coarse
	w.write("a.bmp", bitmap(3))
	if err := os.Chtimes(w.path("a.bmp"), time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(w.path("b.bmp"), 0o600); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("this system tells no time of change")
	}
	w.want(w.run(), counts{Seen: 2, Updated: 1, Unchanged: 1, Embedded: 1})
	w.want(w.run(), counts{Seen: 2, Unchanged: 2})
}

// Records of versions that did not look at the time of change are not read again.
func TestStampOfEarlierVersions(t *testing.T) {
	w := newWorld(t)
	w.picture("a.png", 1)
	w.run()
	r := w.record("a.png")
	r.MetadataStamp = 0
	if err := w.store.Upsert(t.Context(), []store.Record{r}); err != nil {
		t.Fatal(err)
	}
	w.seen.embedded = 0
	r2 := w.run()
	w.want(r2, counts{Seen: 1, Unchanged: 1})
	if r2.Reused != 0 || w.seen.planned != 1 {
		t.Errorf("it was read again: %+v, %d planned", r2, w.seen.planned)
	}
}

// bitmap is a BMP of one shade: all of them have one size in bytes.
func bitmap(shade byte) []byte {
	head := []byte("BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00\x01\x00\x18\x00")
	head = append(head, make([]byte, 24)...)
	for range 2 {
		head = append(head, shade, shade, shade, shade, 0, shade, 0, 0)
	}
	return head
}
