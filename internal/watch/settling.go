package watch

import (
	"sync"
	"time"

	"github.com/sightline/sightline/internal/walk"
)

// settling knows which files are being written. A file is when it was written to a moment
// ago: by its own time, which holds on file systems that tell nothing, or by an event. A
// file that is never left alone is read as it is in the end.
type settling struct {
	o     Options
	where *whereabouts

	mu     sync.Mutex
	events map[string]time.Time // when a path was last written to, of those not long ago
	since  map[string]time.Time // when a path was left for the first time
	left   map[string]bool      // roots in which the run in hand left files
}

func newSettling(o Options, where *whereabouts) *settling {
	return &settling{o: o, where: where, events: make(map[string]time.Time), since: make(map[string]time.Time)}
}

// wrote notes that a path is being written to.
func (s *settling) wrote(p string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events[p] = time.Now()
}

// begin begins a run.
func (s *settling) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = make(map[string]bool)
	now := time.Now()
	for p, at := range s.events {
		if now.Sub(at) >= s.o.Settle {
			delete(s.events, p)
		}
	}
	for p, at := range s.since {
		if now.Sub(at) > 2*settlePatience {
			delete(s.since, p)
		}
	}
}

// end ends a run and returns the roots in which it left files.
func (s *settling) end() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, r := range s.o.Roots {
		if s.left[r] {
			out = append(out, r)
		}
	}
	return out
}

// unsettled reports whether a run must leave a file for a later one. It is
// Request.Unsettled.
func (s *settling) unsettled(e walk.Entry) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	busy := s.busy(now, e.Path, e.ModTime) || e.Twin != nil && s.busy(now, e.Twin.Path, e.Twin.ModTime)
	if !busy {
		delete(s.since, e.Path)
		return false
	}
	since, again := s.since[e.Path]
	if !again {
		s.since[e.Path] = now
	} else if now.Sub(since) > settlePatience {
		return false
	}
	roots, _ := s.where.of(e.Path)
	if len(roots) == 0 {
		roots, _ = s.where.of(e.Root) // behind a link
	}
	for _, r := range roots {
		s.left[r] = true
	}
	return true
}

// busy reports whether a file was written to a moment ago. A time in the future, as of a
// camera whose clock is wrong, says nothing.
func (s *settling) busy(now time.Time, p string, modified time.Time) bool {
	if at, ok := s.events[p]; ok && now.Sub(at) < s.o.Settle {
		return true
	}
	age := now.Sub(modified)
	return age >= 0 && age < s.o.Settle
}
