package index_test

import (
	"os"
	"testing"

	"github.com/sightline/sightline/internal/imaging"
)

// A second run opens no file that it knows to be no picture, counts it all the same, and
// finds the picture that takes its place.
func TestRunRemembersOthers(t *testing.T) {
	w := newWorld(t)
	opened := make(chan string, 100)
	w.options.Walk.OtherKind = func(string) string { return "" }
	w.options.Walk.Sniff = func(name string, head []byte) (bool, string) {
		opened <- name
		return imaging.Sniff(head) != "", "text"
	}
	w.picture("a.png", 1)
	w.write("notes", []byte("no picture"))
	w.write("sub/more", []byte("none either"))
	count := func() int {
		n := len(opened)
		for range n {
			<-opened
		}
		return n
	}
	for i, want := range []int{2, 0} {
		r := w.run()
		if n := count(); n != want {
			t.Errorf("run %d opened %d files, want %d", i+1, n, want)
		}
		if r.Skipped.Kinds["text"] != 2 {
			t.Errorf("run %d passed over %v", i+1, r.Skipped.Kinds)
		}
	}
	if err := os.Remove(w.path("notes")); err != nil {
		t.Fatal(err)
	}
	w.picture("notes", 2)
	if r := w.run(); r.Added != 1 || r.Skipped.Kinds["text"] != 1 {
		t.Errorf("a picture in the place of notes: %d added, passed over %v", r.Added, r.Skipped.Kinds)
	}
}
