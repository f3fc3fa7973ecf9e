package milvus

import (
	"sync"

	"github.com/sightline/sightline/internal/store/milvus/service"
)

// session lets reads see what this store wrote before them. That is what session
// consistency is for, which waits for the time of the last write; but servers do not
// say when a delete was. The first read after one is therefore strong.
type session struct {
	mu      sync.Mutex
	deletes map[string]int // so many deletes, by collection
	seen    map[string]int // so many of them have been waited for
}

// deleted is called after a delete.
func (s *session) deleted(collection string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deletes == nil {
		s.deletes, s.seen = make(map[string]int), make(map[string]int)
	}
	s.deletes[collection]++
}

// level returns the level that a read needs to be of the given one, and what to call
// when it has succeeded.
func (s *session) level(collection string, want service.Consistency) (level service.Consistency, done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.deletes[collection]
	if n == s.seen[collection] || want != service.Session && want != service.Strong {
		return want, func() {}
	}
	return service.Strong, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen[collection] = max(s.seen[collection], n)
	}
}
