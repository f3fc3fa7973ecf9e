package duplicates

import (
	"container/list"
	"sync"
	"time"
)

// Recent keeps the last of what another cache was asked for in memory, for a process that
// stays: the same pictures are found again and again, and a Cache reads files for each. It
// is safe for concurrent use.
type Recent struct {
	get  func(hash []byte) (*Look, bool)
	most int
	now  func() time.Time

	mu     sync.Mutex
	byHash map[string]*list.Element // of *recentLook
	used   *list.List               // the most recently used first
}

// recentLook is what is known of a content. A nil look is asked for again after a while: an
// index run may have kept it since.
type recentLook struct {
	hash  string
	look  *Look
	asked time.Time
}

// unknownFor is how long it is believed that a look is not known.
const unknownFor = 10 * time.Second

// NewRecent returns a Recent of at most so many looks, of 12 KB each, before get.
func NewRecent(most int, get func(hash []byte) (*Look, bool)) *Recent {
	return &Recent{get: get, most: most, now: time.Now, byHash: make(map[string]*list.Element), used: list.New()}
}

// Get returns what a picture with that content shows, if it is known. It must not be
// changed.
func (r *Recent) Get(hash []byte) (*Look, bool) {
	now := r.now()
	r.mu.Lock()
	if e := r.byHash[string(hash)]; e != nil {
		if known := e.Value.(*recentLook); known.look != nil || now.Sub(known.asked) < unknownFor {
			r.used.MoveToFront(e)
			r.mu.Unlock()
			return known.look, known.look != nil
		}
	}
	r.mu.Unlock()
	look, ok := r.get(hash)
	if !ok {
		look = nil
	}
	r.keep(&recentLook{string(hash), look, now})
	return look, ok
}

func (r *Recent) keep(one *recentLook) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.byHash[one.hash]; e != nil {
		e.Value = one
		r.used.MoveToFront(e)
		return
	}
	r.byHash[one.hash] = r.used.PushFront(one)
	if r.used.Len() > r.most {
		delete(r.byHash, r.used.Remove(r.used.Back()).(*recentLook).hash)
	}
}
