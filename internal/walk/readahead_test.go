package walk

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWalkLarge has folders of several segments beside deep ones, more than may lie
// ready at once, and compares with a plain recursion.
func TestWalkLarge(t *testing.T) {
	base := makeTree(t, 20_000, false)
	flat := filepath.Join(base, "flat")
	for i := range 3 * segmentLen {
		dir := filepath.Join(flat, fmt.Sprintf("%05d", i))
		if i%7 != 0 {
			if err := os.MkdirAll(flat, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(dir+".jpg", nil, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "x.jpg"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	err := filepath.WalkDir(base, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			want = append(want, strings.TrimPrefix(p, base+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, readers := range []int{-1, 2, 8} {
		o := usual()
		o.Readers = readers
		if got := list(t, base, o, "."); !slices.Equal(want, got) {
			t.Errorf("readers %d (-want +got):\n%s", readers, cmp.Diff(want, got))
		}
	}
}

// TestDiscard makes readers read below a folder that then turns out to be known.
func TestDiscard(t *testing.T) {
	base := makeTree(t, 3000, false)
	w := &walker{ctx: t.Context(), ahead: newReadAhead(2), yield: func(Entry, error) bool { return true }}
	defer w.ahead.stop()
	f := newFolder(&scope{o: &w.o, root: base, ahead: w.ahead, visited: &w.visited}, base, nil)
	if !w.await(f) {
		t.Fatal("not read")
	}
	w.visited.add(f.id)
	w.discard(f)
	w.ahead.mu.Lock()
	defer w.ahead.mu.Unlock()
	if w.ahead.ready != 0 {
		t.Errorf("%d items still count as ready", w.ahead.ready)
	}
}
