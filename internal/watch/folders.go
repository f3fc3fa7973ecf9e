package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"sync"
	"syscall"

	"github.com/fsnotify/fsnotify"
)

// event is what the system tells of a path.
type event = fsnotify.Event

// What happened to a path: it is no more what it was, or its content is.
const (
	gone    = fsnotify.Remove | fsnotify.Rename
	written = fsnotify.Write | fsnotify.Create
)

// source is who tells of changes: fsnotify, and tests.
type source interface {
	// Add watches a folder, without those inside it. To add one twice is no error.
	Add(folder string) error
	Remove(folder string) error
	Events() <-chan event
	Errors() <-chan error // events were lost
	Close() error
}

// system is the source that the system is.
type system struct{ *fsnotify.Watcher }

func newSource() (source, error) {
	switch runtime.GOOS {
	case "darwin", "freebsd", "netbsd", "openbsd", "dragonfly":
		// kqueue takes a file descriptor for each file of a folder, which a run needs itself.
		return nil, fmt.Errorf("watching folders: %w on %s", errors.ErrUnsupported, runtime.GOOS)
	}
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return system{w}, nil
}

// Events implements source.
func (s system) Events() <-chan event { return s.Watcher.Events }

// Errors implements source.
func (s system) Errors() <-chan error { return s.Watcher.Errors }

// folders are those that are watched. Runs add to them while the loop takes away.
type folders struct {
	o    Options
	tell func(Notice)

	telling sync.Mutex // one notice at a time

	mu        sync.Mutex
	source    source // nil where nothing can be watched
	watched   map[string]struct{}
	unwatched map[string]struct{}
	limit     bool // was told
	nothing   bool // was told
}

func newFolders(o Options) *folders { return &folders{o: o, tell: func(Notice) {}} }

func (f *folders) say(n Notice) {
	f.telling.Lock()
	defer f.telling.Unlock()
	f.tell(n)
}

// reset goes on with another source, or with none for the reason err, and no folder.
func (f *folders) reset(s source, err error) {
	f.close()
	f.mu.Lock()
	f.source, f.watched, f.unwatched = s, make(map[string]struct{}), make(map[string]struct{})
	if err != nil {
		f.source = nil
	}
	first := err != nil && !f.nothing
	f.nothing = f.nothing || err != nil
	f.mu.Unlock()
	if first {
		f.say(Notice{Kind: Unwatched, Err: err})
	}
}

func (f *folders) close() {
	f.mu.Lock()
	s := f.source
	f.source = nil
	f.mu.Unlock()
	if s != nil {
		s.Close() // nothing was written
	}
}

// channels are those of the source; nil ones, which say nothing, where there is none.
func (f *folders) channels() (<-chan event, <-chan error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.source == nil {
		return nil, nil
	}
	return f.source.Events(), f.source.Errors()
}

// outside reports whether a path is not to be watched.
func (f *folders) outside(p string) bool {
	for _, o := range f.o.Outside {
		if below(p, o) {
			return true
		}
	}
	return false
}

// rootsOf watches the folders of roots that are files.
func (f *folders) rootsOf(roots []string) {
	for _, r := range roots {
		if info, err := os.Stat(r); err == nil && !info.IsDir() {
			f.add(path.Dir(r))
		}
	}
}

// add watches a folder that a run is about to read. A folder is added in each run, which
// costs as much as opening it, so that one that took another's place is watched too.
func (f *folders) add(folder string) {
	if f.outside(folder) {
		return
	}
	f.mu.Lock()
	if f.source == nil {
		f.unwatched[folder] = struct{}{}
		f.mu.Unlock()
		return
	}
	err := f.source.Add(folder)
	var full *Notice
	switch {
	case err == nil:
		f.watched[folder] = struct{}{}
		delete(f.unwatched, folder)
	case errors.Is(err, fs.ErrNotExist):
		// It was deleted meanwhile, which the folder above tells.
	default:
		// No permission, or a file system that cannot be watched, or a limit.
		f.unwatched[folder] = struct{}{}
		if isLimit(err) && !f.limit {
			f.limit = true
			full = &Notice{Kind: Limit, Folders: len(f.watched), Err: err}
		}
	}
	f.mu.Unlock()
	if full != nil {
		f.say(*full)
	}
}

// isLimit reports whether an error says that no more folders can be watched.
func isLimit(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOMEM)
}

// forget watches a path and what lies below it no more: it is gone, or has another name.
func (f *folders) forget(p string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.unwatched, p)
	if _, ok := f.watched[p]; !ok {
		return // a file
	}
	for folder := range f.watched {
		if below(folder, p) {
			delete(f.watched, folder)
			if f.source != nil {
				_ = f.source.Remove(folder) // the system may have done that already
			}
		}
	}
	for folder := range f.unwatched {
		if below(folder, p) {
			delete(f.unwatched, folder)
		}
	}
}

// count returns how many folders are watched, and how many cannot be.
func (f *folders) count() (watched, unwatched int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.watched), len(f.unwatched)
}
