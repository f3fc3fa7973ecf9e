package walk

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// memory is Others by a whole entry.
type memory struct {
	mu    sync.Mutex
	kinds map[Entry]string
}

// fact is what an entry has of a file, whatever root it was reached by.
func fact(e Entry) Entry {
	return Entry{Path: e.Path, Size: e.Size, ModTime: e.ModTime, ChangeTime: e.ChangeTime}
}

func (m *memory) Recall(e Entry) (kind string, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kind, ok = m.kinds[fact(e)]
	return kind, ok
}

func (m *memory) Remember(e Entry, kind string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kinds[fact(e)] = kind
}

// What was no picture is not opened again until anything about it changes.
func TestOthers(t *testing.T) {
	base := tree(t, "notes = words", "shot = PIC1", "b.jpg", "film.mp4", "sub/more = words")
	m := &memory{kinds: make(map[Entry]string)}
	walk := func() (found []string, opened int, skipped map[string]string) {
		var mu sync.Mutex
		skipped = make(map[string]string)
		found = list(t, base, with(func(o *Options) {
			o.Others = m
			o.Skipped = func(k Skip) { skipped[k.Path[len(base)+1:]] = k.Kind }
			o.Sniff = func(name string, head []byte) (bool, string) {
				mu.Lock()
				defer mu.Unlock()
				opened++
				return magic(name, head)
			}
		}), "")
		return found, opened, skipped
	}
	check := func(when string, wantOpened int, wantFound []string, wantSkipped map[string]string) {
		t.Helper()
		found, opened, skipped := walk()
		if opened != wantOpened {
			t.Errorf("%s: %d files opened, want %d", when, opened, wantOpened)
		}
		if diff := cmp.Diff(wantFound, found); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
		if diff := cmp.Diff(wantSkipped, skipped); diff != "" {
			t.Errorf("%s, passed over (-want +got):\n%s", when, diff)
		}
	}
	passed := map[string]string{"notes": "text", "sub/more": "text", "film.mp4": "video"}
	check("first", 3, []string{"b.jpg", "shot"}, passed)
	check("unchanged", 1, []string{"b.jpg", "shot"}, passed) // pictures are for Known

	if err := os.WriteFile(filepath.Join(base, "notes"), []byte("PIC22"), 0o644); err != nil {
		t.Fatal(err)
	}
	past := time.Unix(1e9, 0)
	if err := os.Chtimes(filepath.Join(base, "notes"), past, past); err != nil {
		t.Fatal(err)
	}
	delete(passed, "notes")
	check("changed", 2, []string{"b.jpg", "notes", "shot"}, passed)
}
