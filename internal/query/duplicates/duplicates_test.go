package duplicates_test

import (
	"errors"
	"image"
	"image/color"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/query/duplicates"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
)

// record makes a picture; those of one content are the same file, and those of one
// direction have embeddings that are near.
func record(name, content string, direction int, edit func(*store.Record)) store.Record {
	r := store.Record{
		Path: "/p/" + name, Root: "/p", Width: 100, Height: 100, Size: 1000, ModTime: time.Unix(1000, 0), Format: "png",
		ContentHash: make([]byte, 32), Vector: make([]float32, 8),
	}
	copy(r.ContentHash, content)
	r.ID = store.ID("c", r.Path)
	r.Vector[direction] = 1
	if edit != nil {
		edit(&r)
	}
	return r
}

func open(t *testing.T, records ...store.Record) store.Store {
	t.Helper()
	st, err := local.Open(t.Context(), local.Options{Dir: t.TempDir(), Collection: "c", Mode: store.Create, Model: store.Model{Fingerprint: "f", Name: "m", Dim: 8}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	if err := st.Upsert(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	return st
}

// outline is a group as a line: keep (why): others, with = for those of the same file.
func outline(groups []duplicates.Group) []string {
	var out []string
	for _, g := range groups {
		line := path.Base(g.Keep.Path) + " (" + g.Why + "):"
		for _, o := range g.Others {
			mark := " ~"
			if o.Same {
				mark = " ="
			}
			line += mark + path.Base(o.Path)
		}
		out = append(out, line)
	}
	return out
}

func TestIdentical(t *testing.T) {
	st := open(t,
		record("long-name.png", "a", 0, nil), record("a.png", "a", 0, nil), record("older.png", "a", 0, func(r *store.Record) { r.ModTime = time.Unix(10, 0) }),
		record("b.png", "b", 1, nil), record("tagged.png", "b", 1, func(r *store.Record) { r.Tags = []store.Tag{{Label: "x", Source: "user"}} }),
		record("alone.png", "c", 2, nil), record("begins-like-a.png", "a\x00\x00\x00\x00\x00\x00\x00\x00z", 0, nil),
		record("no-hash1.png", "", 3, func(r *store.Record) { r.ContentHash = nil }), record("no-hash2.png", "", 3, func(r *store.Record) { r.ContentHash = nil }),
	)
	groups, err := duplicates.Identical(t.Context(), st, nil)
	want := []string{"older.png (the oldest file): =a.png =long-name.png", "tagged.png (tags by a person): =b.png"}
	if diff := cmp.Diff(want, outline(groups)); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	groups, err = duplicates.Identical(t.Context(), st, store.NameLike("*a*.png"))
	want = []string{"a.png (the shortest path): =long-name.png"}
	if diff := cmp.Diff(want, outline(groups)); diff != "" || err != nil {
		t.Errorf("filtered: %v (-want +got):\n%s", err, diff)
	}
}

// ramp is a picture that gets lighter from left to right, or from top to bottom.
func ramp(w, h int, down bool, add int) image.Image {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			v := x * 200 / w
			if down {
				v = y * 200 / h
			}
			m.SetGray(x, y, color.Gray{Y: uint8(v + add)})
		}
	}
	return m
}

func TestNear(t *testing.T) {
	st := open(t,
		record("large.png", "1", 0, func(r *store.Record) { r.Width = 400 }), record("small.png", "2", 0, nil),
		record("other.png", "3", 0, nil),  // near by its embedding alone
		record("copy.png", "2", 0, nil),   // of small
		record("far.png", "4", 1, nil),    // looks like them, and means something else
		record("gone1.png", "5", 2, nil),  // cannot be read
		record("gone2.png", "5", 2, nil),  // but is the same
		record("plain1.png", "6", 3, nil), // of one colour: nothing says that they are the same
		record("plain2.png", "7", 3, nil),
	)
	of := func(m image.Image) (*duplicates.Look, error) {
		l := duplicates.LookOf(m)
		return &l, nil
	}
	look := func(r *store.Record) (*duplicates.Look, error) {
		switch name := path.Base(r.Path); {
		case strings.HasPrefix(name, "gone"):
			return nil, errors.New("no such file")
		case name == "other.png":
			return of(ramp(50, 50, true, 0))
		case name == "large.png":
			return of(ramp(200, 100, false, 20))
		case strings.HasPrefix(name, "plain"):
			return of(image.NewGray(image.Rect(0, 0, 40, 40)))
		}
		return of(ramp(64, 32, false, 0))
	}
	groups, failed, err := duplicates.Near(t.Context(), st, nil, look)
	want := []string{"gone1.png (the first by name): =gone2.png", "large.png (the most pixels): ~copy.png ~small.png"}
	if diff := cmp.Diff(want, outline(groups)); diff != "" || err != nil || len(failed) != 2 {
		t.Errorf("%v, %v (-want +got):\n%s", err, failed, diff)
	}
}

func TestLook(t *testing.T) {
	a := duplicates.LookOf(ramp(300, 200, false, 0))
	for name, m := range map[string]image.Image{"smaller": ramp(30, 20, false, 0), "brighter": ramp(300, 200, false, 50)} {
		b := duplicates.LookOf(m)
		if d, n := duplicates.Distance(&a, &b), duplicates.Nearness(&a, &b); d > 4 || n < 0.99 {
			t.Errorf("%s: distance %d, nearness %v", name, d, n)
		}
	}
	turned := duplicates.LookOf(ramp(300, 200, true, 0))
	if n := duplicates.Nearness(&a, &turned); n > 0.1 {
		t.Errorf("turned: nearness %v", n)
	}
	for _, size := range []image.Rectangle{image.Rect(0, 0, 1, 1), image.Rect(5, 7, 6, 700), image.Rect(0, 0, 8, 1)} {
		if l := duplicates.LookOf(image.NewGray(size)); duplicates.Nearness(&l, &l) != 0 {
			t.Errorf("%v: a picture of one colour is near to itself", size)
		}
	}
}
