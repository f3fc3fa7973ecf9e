package watch

import (
	"context"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/sightline/sightline/internal/walk"
)

// place is what is at the path of a root; info is nil where there is nothing.
type place struct {
	root string
	real string // where links lead: runs tell folders by that
	info fs.FileInfo
}

// whereabouts tells to which roots a path belongs, whichever links lead to it.
type whereabouts struct {
	mu     sync.Mutex
	places []place
}

func (w *whereabouts) set(places []place) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.places = places
}

// of lists the roots that a path is or lies under; itself says that it is one.
func (w *whereabouts) of(p string) (roots []string, itself bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, at := range w.places {
		if below(p, at.root) || below(p, at.real) {
			roots = append(roots, at.root)
			itself = itself || p == at.root || p == at.real
		}
	}
	return roots, itself
}

// look looks at the roots again and again. It has a goroutine of its own, since a network
// mount that hangs would hang the loop.
func look(ctx context.Context, roots []string, every time.Duration, out chan<- []place) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		places := make([]place, len(roots))
		for i, r := range roots {
			places[i].root, places[i].real = r, walk.Resolve(r)
			if info, err := os.Stat(r); err == nil {
				places[i].info = info
			}
		}
		select {
		case out <- places:
		case <-ctx.Done():
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// look compares the roots with what they were. One that is there again, or is another
// folder than before, as where a disk was mounted over it, is watched again.
func (w *watcher) look(places []place) {
	before := w.places
	w.places = places
	w.where.set(places)
	now := time.Now()
	if before == nil { // the first look: catch up, at once
		for _, p := range places {
			if p.info == nil {
				w.folders.say(Notice{Kind: RootGone, Path: p.root})
				continue
			}
			w.changed(p.root)
		}
		w.first, w.last = now.Add(-w.o.Settle), now.Add(-w.o.Settle)
		return
	}
	for i, p := range places {
		was := before[i].info
		switch {
		case was == nil && p.info == nil, was != nil && p.info != nil && os.SameFile(was, p.info):
			continue
		case p.info == nil:
			w.folders.forget(p.real)
			w.folders.say(Notice{Kind: RootGone, Path: p.root})
			continue
		}
		w.folders.forget(p.real)
		w.folders.say(Notice{Kind: RootBack, Path: p.root})
		w.changed(p.root)
	}
}
