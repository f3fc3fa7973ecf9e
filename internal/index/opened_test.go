package index_test

import (
	"sync"
	"testing"
)

// TestUnchangedIsNotOpened: what no name announces is opened once, and again when it
// changed, but not while it is as its record says.
func TestUnchangedIsNotOpened(t *testing.T) {
	w := newWorld(t)
	opened := 0
	var mu sync.Mutex
	w.options.Walk.Sniff = func(string, []byte) (bool, string) {
		mu.Lock()
		defer mu.Unlock()
		opened++
		return true, ""
	}
	w.picture("a", 1)
	w.picture("b", 2)
	w.picture("c.png", 3)
	for _, step := range []struct {
		do     func()
		opened int
		want   counts
	}{
		{func() {}, 2, counts{Seen: 3, Added: 3, Embedded: 3}},
		{func() {}, 0, counts{Seen: 3, Unchanged: 3}},
		{func() { w.picture("b", 4) }, 1, counts{Seen: 3, Unchanged: 2, Updated: 1, Embedded: 1}},
		{func() { w.options.SkipRAW = true }, 2, counts{Seen: 3, Unchanged: 3}},
	} {
		step.do()
		opened = 0
		w.want(w.run(), step.want)
		if opened != step.opened {
			t.Errorf("%d files were opened, want %d", opened, step.opened)
		}
	}
}
