package duplicates

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestRecent(t *testing.T) {
	asked := map[string]int{}
	known := map[string]*Look{"a": {Colour: true}, "b": {}}
	r := NewRecent(2, func(hash []byte) (*Look, bool) {
		asked[string(hash)]++
		l, ok := known[string(hash)]
		return l, ok
	})
	now := time.Unix(1, 0)
	r.now = func() time.Time { return now }
	get := func(hash string, want *Look, times int) {
		t.Helper()
		got, ok := r.Get([]byte(hash))
		if got != want || ok != (want != nil) {
			t.Errorf("%s: %v, %v", hash, got, ok)
		}
		if asked[hash] != times {
			t.Errorf("%s was asked for %d times, not %d", hash, asked[hash], times)
		}
	}
	get("a", known["a"], 1)
	get("a", known["a"], 1)
	get("c", nil, 1)
	get("c", nil, 1)
	known["c"] = &Look{Moving: true} // an index run has kept it
	get("c", nil, 1)
	now = now.Add(unknownFor)
	get("c", known["c"], 2)
	get("a", known["a"], 1)
	get("b", known["b"], 1) // c, which was not used for longest, goes
	get("a", known["a"], 1)
	get("c", known["c"], 3)
	if len(r.byHash) != 2 || r.used.Len() != 2 {
		t.Errorf("%d and %d are kept", len(r.byHash), r.used.Len())
	}
}

// TestRecentAtOnce asks from many goroutines: each gets its own.
func TestRecentAtOnce(t *testing.T) {
	known := map[string]*Look{}
	for i := range 100 {
		known[fmt.Sprint(i)] = &Look{}
	}
	r := NewRecent(50, func(hash []byte) (*Look, bool) { l, ok := known[string(hash)]; return l, ok })
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 1000 {
				hash := fmt.Sprint((g*7 + i) % 120)
				if l, ok := r.Get([]byte(hash)); l != known[hash] || ok != (l != nil) {
					t.Errorf("%s: %v, %v", hash, l, ok)
				}
			}
		})
	}
	all.Wait()
	if r.used.Len() > 50 {
		t.Errorf("%d are kept", r.used.Len())
	}
}
