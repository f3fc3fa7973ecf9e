package index

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// The table against a map, with keys that crowd at its end and its beginning.
func TestFileStates(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := newFileStates(1500)
	want := map[uint64]walk.Entry{}
	for i := range 1000 {
		key := rng.Uint64()
		if i%3 == 0 {
			key |= 0xfff << 52 // the last places, so that it wraps around
		}
		e := walk.Entry{Size: int64(i), ModTime: time.Unix(int64(i), 5)}
		want[key] = e
		s.add(store.FileState{Key: key, StatHash: store.StatHash(e.Size, e.ModTime, 0)})
	}
	for key, e := range want {
		if s.has(key) {
			t.Fatal("met before the walk came by")
		}
		for n, changed := range []walk.Entry{
			{Size: e.Size + 1, ModTime: e.ModTime}, {Size: e.Size, ModTime: e.ModTime.Add(1)}, {Size: e.Size, ModTime: e.ModTime.Add(time.Second)},
		} {
			if same, _ := s.unchanged(key, changed); same {
				t.Errorf("change %d is not seen", n)
			}
		}
		if same, again := s.unchanged(key, e); !same || again {
			t.Errorf("the first time: %v, %v", same, again)
		}
		if same, again := s.unchanged(key, e); !same || !again || !s.has(key) {
			t.Errorf("the second time: %v, %v", same, again)
		}
		if same, _ := s.unchanged(key+1, e); same {
			t.Error("an unknown key is known")
		}
	}
	var none *fileStates
	if same, _ := none.unchanged(1, walk.Entry{}); same || none.has(1) {
		t.Error("no table knows something")
	}
}
