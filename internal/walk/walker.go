package walk

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
)

// walker is the consuming side of one walk. All of it runs on the goroutine that
// iterates; folders and segments alone are shared with the readers.
type walker struct {
	ctx     context.Context // of this one iteration
	o       Options
	ignore  []rule
	yield   func(Entry, error) bool
	stopped bool // the consumer broke off
	ahead   *readAhead
	visited visitedSet
	// named holds the roots that are files, by their place, and whether each has been
	// yielded: as a root, or while walking a folder that holds it.
	named map[place]bool
	links []*folder // folders behind links, left for the end
	// besideRoots are the folders of roots that are files, by path.
	besideRoots map[string]besideRoot
}

// place is a name in a real folder: equal for all paths that lead to it.
type place struct {
	folder identity
	name   string
}

// root is a root after the first look at it.
type root struct {
	path string
	info fs.FileInfo
	id   identity // of a folder
	at   place    // of a file
	err  *Error
}

// walk visits the roots and then what links lead to.
func (w *walker) walk(paths []string) {
	roots := make([]root, len(paths))
	w.named = make(map[place]bool)
	for i, p := range paths {
		if w.ctx.Err() != nil { // the paths may be thousands, on a disk that is slow
			return
		}
		roots[i] = lookAtRoot(p)
		if r := &roots[i]; r.err == nil && !r.info.IsDir() {
			w.named[r.at] = false
		}
	}
	for i := range roots {
		if !w.root(&roots[i]) {
			return
		}
	}
	for len(w.links) > 0 {
		f := w.links[0]
		w.links = w.links[1:]
		if !w.enter(f) {
			return
		}
	}
}

// lookAtRoot makes a root absolute and finds out what it is.
func lookAtRoot(name string) root {
	fail := func(p string, err error) root {
		missing := errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, ErrEmptyRoot)
		return root{path: p, err: &Error{Path: p, Root: p, Err: cause(err), Dir: true, RootMissing: missing}}
	}
	if name == "" {
		return fail(name, ErrEmptyRoot)
	}
	abs, err := filepath.Abs(name)
	if err != nil {
		return fail(filepath.ToSlash(name), err)
	}
	p := filepath.ToSlash(abs)
	info, err := os.Stat(p)
	if err != nil {
		return fail(p, err)
	}
	r := root{path: p, info: info}
	if info.IsDir() {
		r.id = identityOf(info, p)
		return r
	}
	dir := path.Dir(p)
	above, err := os.Stat(dir)
	if err != nil {
		return fail(p, err)
	}
	r.at = place{identityOf(above, dir), path.Base(p)}
	return r
}

// root visits one root and reports whether to go on.
func (w *walker) root(r *root) bool {
	switch {
	case r.err != nil:
		return w.emit(Entry{Path: r.path, Root: r.path}, r.err)
	case r.info.IsDir():
		s := &scope{o: &w.o, root: r.path, always: newRules(nil, r.path, w.ignore), ahead: w.ahead, visited: &w.visited}
		f := newFolder(s, r.path, nil)
		f.id, f.isRoot = r.id, true
		return w.enter(f)
	case !r.info.Mode().IsRegular():
		w.skip(Skip{Path: r.path, Why: Special})
		return true
	}
	if newRules(nil, path.Dir(r.path), w.ignore).match(r.path, false) {
		w.skip(Skip{Path: r.path, Why: Ignored})
		return true
	}
	e := Entry{Path: r.path, Root: r.path, Size: r.info.Size(), ModTime: r.info.ModTime(), ChangeTime: changeTime(r.info)}
	// A file that was named is sniffed whatever its extension: its user knows.
	if known := w.o.KnownExtension; known != nil && !known(path.Base(r.path)) {
		if why, kind := w.o.sniff(nil, r.path[:len(r.path)-len(path.Base(r.path))], path.Base(r.path)); why != "" {
			w.skip(Skip{Path: r.path, Why: why, Kind: kind})
			return true
		}
	}
	w.attachToRoot(&e)
	return w.entry(e, r.at)
}

// enter visits a root or what a link leads to, whose identity is known before
// anything is read, and reports whether to go on.
func (w *walker) enter(f *folder) bool {
	if w.visited.has(f.id) {
		w.skip(Skip{Path: f.path, Why: Visited, Dir: true})
		return true
	}
	return w.folder(f)
}

// folder visits f and all below it, and reports whether to go on.
func (w *walker) folder(f *folder) bool {
	if !w.await(f) {
		return false
	}
	if f.err != nil {
		return w.emit(Entry{Path: f.path, Root: f.scope.root}, f.err)
	}
	if !w.visited.add(f.id) {
		w.skip(Skip{Path: f.path, Why: Visited, Dir: true})
		w.discard(f)
		return true
	}
	if w.o.Mount != nil && f.id.otherDisk(f.above) {
		w.o.Mount(f.path)
	}
	for _, e := range f.problems {
		if !w.emit(Entry{Path: e.Path, Root: e.Root}, e) {
			return false
		}
	}
	if f.noMedia {
		w.skip(Skip{Path: f.path, Why: NoMedia, Dir: true})
		return true
	}
	for i, s := range f.segments {
		f.segments[i] = nil // so that what has been passed can be freed
		if !w.await(s) {
			return false
		}
		w.ahead.took(len(s.items))
		for j := range s.items {
			if !w.item(f, &s.items[j]) {
				return false
			}
		}
	}
	return true
}

// item passes on one item of a folder and reports whether to go on.
func (w *walker) item(f *folder, it *item) bool {
	switch {
	case it.why != "":
		w.skip(Skip{Path: it.entry.Path, Why: it.why, Kind: it.kind, Dir: it.dir})
		return true
	case it.err != nil:
		return w.emit(it.entry, it.err)
	case it.folder == nil:
		return w.entry(it.entry, place{f.id, it.entry.Path[len(f.prefix):]})
	case it.link:
		w.links = append(w.links, it.folder)
		return true
	default:
		return w.folder(it.folder)
	}
}

// entry yields a candidate unless it is a named root that was yielded before.
func (w *walker) entry(e Entry, at place) bool {
	if len(w.named) > 0 {
		done, named := w.named[at]
		if done {
			w.skip(Skip{Path: e.Path, Why: Visited})
			return true
		}
		if named {
			w.named[at] = true
		}
	}
	return w.emit(e, nil)
}

// emit hands an entry or a problem to the consumer and reports whether to go on.
// Its parameter is an *Error so that a nil one stays a nil error.
func (w *walker) emit(e Entry, problem *Error) bool {
	if w.ctx.Err() != nil {
		return false
	}
	var err error
	if problem != nil {
		err = problem
	}
	if !w.yield(e, err) {
		w.stopped = true
		return false
	}
	return true
}

func (w *walker) skip(s Skip) {
	if w.o.Skipped != nil {
		w.o.Skipped(s)
	}
}

// await makes sure that a job is done: it does the job itself if no reader has
// begun it. It reports false when the context ends first.
func (w *walker) await(j job) bool {
	if w.ctx.Err() != nil {
		return false
	}
	if j.claim() {
		w.ahead.forget()
		j.run()
		return true
	}
	select {
	case <-j.finished():
		return true
	case <-w.ctx.Done():
		return false
	}
}

// discard forgets what readers have read of a folder that turned out to have been
// visited while they were at it, as happens with bind mounts.
func (w *walker) discard(f *folder) {
	for _, s := range f.segments {
		if s.claim() {
			continue // no reader will begin it now
		}
		<-s.finished()
		w.ahead.took(len(s.items))
		for i := range s.items {
			if sub := s.items[i].folder; sub != nil && !s.items[i].link && !sub.claim() {
				<-sub.finished()
				w.discard(sub)
			}
		}
	}
}
