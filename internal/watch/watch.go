// Package watch keeps an index up to date while pictures come and go: it begins with an
// ordinary run, and another one follows what changes below the roots.
//
// What changed is told by the system, through fsnotify. A run looks through whole roots: a
// walk over what has not changed costs a few microseconds for each file, and removals and
// renames stay what they are in any run. It tells the folders that it is about to read,
// and each is watched before its names are, so that what comes into a new folder is in the
// walk or in an event. Everything else falls back to that: when the queue of events has
// overflowed, when a disk was away, when there are more folders than may be watched, or on
// file systems that tell nothing, a run over the roots finds what was missed.
//
// The package knows neither stores nor models: Options.Run does the work. The lock of a
// writer is held while that runs, and not in between.
package watch

import (
	"context"
	"errors"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/walk"
)

// Request is what one run is to do.
type Request struct {
	Roots     []string              // those to look through
	Folder    func(path string)     // must be told each folder before it is read
	Unsettled func(walk.Entry) bool // reports whether a file is being written, to be left for later
}

// NoticeKind is what a Notice tells.
type NoticeKind string

// The kinds of notices.
const (
	Watching  NoticeKind = "watching"  // the first run is over; Folders, Unwatched
	Limit     NoticeKind = "limit"     // no more folders can be watched; Folders, Err; told once
	Unwatched NoticeKind = "unwatched" // nothing can be watched at all; Err; told once
	Overflow  NoticeKind = "overflow"  // events were lost; all roots are looked through
	RootGone  NoticeKind = "gone"      // Path is not there; it is watched again when it is back
	RootBack  NoticeKind = "back"      // Path is there again, or another disk is
	Waiting   NoticeKind = "waiting"   // a run has to wait, for Err or Reason; told once for each wait
)

// Notice is what happens besides runs.
type Notice struct {
	Kind      NoticeKind
	Path      string // a root
	Folders   int    // that are watched
	Unwatched int    // that are not
	Reason    string // what Options.Hold said
	Err       error
}

// Options says what to watch and how. Roots and Run must be given.
type Options struct {
	Roots []string // absolute, cleaned and slash-separated; folders or files
	// Run brings the index up to date. An error ends the watching, unless Passes says that
	// it will pass. A run whose context has ended is gone on with later.
	Run func(context.Context, Request) error
	// Passes reports whether an error is of the kind that passes by itself, such as
	// another writer: it is waited out. nil says that none does.
	Passes func(error) bool
	// Hold says why no run may begin, or go on where running is true; "" lets it. nil always
	// lets it.
	Hold func(running bool) string
	// Every is how often all roots are looked through, whatever events say; 0 means never.
	Every time.Duration
	// Settle is how long nothing must have changed before a run begins, and how long a file
	// must have been left alone to be read; 0 means 2 seconds.
	Settle time.Duration
	// Concerns reports by its name whether a file or folder may matter to an index. nil
	// takes every name.
	Concerns func(name string) bool
	// Outside are folders that are not watched, such as that of the index.
	Outside []string
	// Tell is told what happens besides runs, on several goroutines but one at a time. It may be nil.
	Tell func(Notice)

	lookEvery time.Duration // for tests; 0 means the constant
}

const (
	defaultSettle = 2 * time.Second
	// patience is how many times Settle a run is put off at most while changes go on, and
	// pauseMost how many times it is put off after a long one.
	patience  = 15
	pauseMost = 15
	// settlePatience is how long a file that is written to without end is left.
	settlePatience = 5 * time.Minute
	// lookEvery is how often it is asked whether the roots are what they were.
	lookEvery = 5 * time.Second
	// holdEvery is how often Hold is asked.
	holdEvery = 10 * time.Second
	// How long an error that passes is waited for: at first, and at most.
	firstRetry = time.Second
	mostRetry  = 30 * time.Second
)

var (
	errHeld   = errors.New("waiting") // ends a run that must wait
	errClosed = errors.New("the system tells of no more changes")
)

// Watch watches until ctx ends, whose cause it returns, or until a run fails for good. A
// run in hand is ended, and waited for, before it returns.
func Watch(ctx context.Context, o Options) error { return watchWith(ctx, o, newSource) }

func watchWith(ctx context.Context, o Options, open func() (source, error)) error {
	if o.Settle <= 0 {
		o.Settle = defaultSettle
	}
	if o.lookEvery <= 0 {
		o.lookEvery = lookEvery
	}
	if o.Passes == nil {
		o.Passes = func(error) bool { return false }
	}
	if o.Hold == nil {
		o.Hold = func(bool) string { return "" }
	}
	where := &whereabouts{}
	w := &watcher{o: o, open: open, folders: newFolders(o), settling: newSettling(o, where), where: where, dirty: map[string]bool{}, done: make(chan finished)}
	if o.Tell != nil {
		w.folders.tell = o.Tell
	}
	defer w.folders.close()
	return w.loop(ctx)
}

// watcher is the state of one Watch. All but folders and settling belongs to the loop.
type watcher struct {
	o        Options
	open     func() (source, error)
	folders  *folders
	settling *settling
	where    *whereabouts

	places []place         // of the roots, as they were when last looked at
	dirty  map[string]bool // roots in which something may have changed
	first  time.Time       // when the first of these changes was seen
	last   time.Time       // and the last

	stop      context.CancelCauseFunc // of the run in hand; nil for none
	began     time.Time               // when it did
	done      chan finished
	notBefore time.Time     // no run begins before
	retry     time.Duration // how long an error was last waited for
	told      bool          // that a run has to wait
	caughtUp  bool          // a run has come to its end
	scan      time.Time     // when all roots are looked through next; zero for never
	ask       time.Time     // when Hold is asked next during a run
}

// finished is how a run ended.
type finished struct {
	roots []string
	err   error
}

// loop is the life of a watcher.
func (w *watcher) loop(ctx context.Context) error {
	looks := make(chan []place)
	looking, stopLooking := context.WithCancel(ctx)
	defer stopLooking()
	go look(looking, w.o.Roots, w.o.lookEvery, looks)
	w.reopen()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		events, errs := w.folders.channels()
		select {
		case <-ctx.Done():
			if w.stop != nil {
				w.stop(context.Cause(ctx))
				<-w.done
			}
			return context.Cause(ctx)
		case e, open := <-events:
			if !open {
				w.lost(errClosed)
				break
			}
			w.event(filepath.ToSlash(e.Name), e)
		case err, open := <-errs:
			if !open {
				err = errClosed
			}
			w.lost(err)
		case places := <-looks:
			w.look(places)
		case f := <-w.done:
			if err := w.finish(ctx, f); err != nil {
				return err
			}
		case <-timer.C:
		}
		w.advance(ctx)
		if next := w.next(); next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(max(0, time.Until(next)))
		}
	}
}

// advance does what is due: begins a run, or ends one that must wait.
func (w *watcher) advance(ctx context.Context) {
	now := time.Now()
	if w.stop != nil {
		if !now.Before(w.ask) {
			w.ask = now.Add(holdEvery)
			if reason := w.o.Hold(true); reason != "" {
				w.wait(Notice{Kind: Waiting, Reason: reason})
				w.stop(errHeld)
			}
		}
		return
	}
	if !w.scan.IsZero() && !now.Before(w.scan) {
		w.changed(w.o.Roots...)
		w.first, w.last = now.Add(-w.o.Settle), now.Add(-w.o.Settle)
		w.scan = now.Add(w.o.Every)
	}
	if due := w.due(); due.IsZero() || now.Before(due) {
		return
	}
	if reason := w.o.Hold(false); reason != "" {
		w.wait(Notice{Kind: Waiting, Reason: reason})
		w.notBefore = now.Add(holdEvery)
		return
	}
	w.begin(ctx, now)
}

// due is when the next run begins; zero where nothing has changed.
func (w *watcher) due() time.Time {
	if len(w.dirty) == 0 || len(w.places) == 0 {
		return time.Time{}
	}
	due := w.last.Add(w.o.Settle)
	if latest := w.first.Add(patience * w.o.Settle); latest.Before(due) {
		due = latest
	}
	if due.Before(w.notBefore) {
		due = w.notBefore
	}
	return due
}

// next is when advance has something to do next; zero for never.
func (w *watcher) next() time.Time {
	if w.stop != nil {
		return w.ask
	}
	next := w.due()
	if !w.scan.IsZero() && (next.IsZero() || w.scan.Before(next)) {
		next = w.scan
	}
	return next
}

// begin begins a run over the roots that have changed and are there.
func (w *watcher) begin(ctx context.Context, now time.Time) {
	var roots []string
	for _, p := range w.places {
		if w.dirty[p.root] && p.info != nil {
			roots = append(roots, p.root)
		}
	}
	clear(w.dirty)
	w.first, w.last = time.Time{}, time.Time{}
	if len(roots) == 0 {
		return // what is gone is looked through when it is back
	}
	run, stop := context.WithCancelCause(ctx)
	w.stop, w.began, w.ask = stop, now, now.Add(holdEvery)
	w.settling.begin()
	go func() {
		w.folders.rootsOf(roots)
		err := w.o.Run(run, Request{Roots: roots, Folder: w.folders.add, Unsettled: w.settling.unsettled})
		if err == nil || run.Err() != nil {
			err = context.Cause(run)
		}
		w.done <- finished{roots, err}
	}()
}

// finish takes the end of a run in. It returns an error that ends the watching.
func (w *watcher) finish(ctx context.Context, f finished) error {
	now := time.Now()
	w.stop(nil)
	w.stop = nil
	switch {
	case ctx.Err() != nil:
		return nil // the loop sees it
	case errors.Is(f.err, errHeld):
		w.changed(f.roots...)
		w.notBefore = now.Add(holdEvery)
		return nil
	case f.err != nil && w.o.Passes(f.err):
		w.retry = min(max(firstRetry, 2*w.retry), mostRetry)
		w.notBefore = now.Add(w.retry)
		w.wait(Notice{Kind: Waiting, Err: f.err})
		w.changed(f.roots...)
		return nil
	case f.err != nil:
		return f.err
	}
	w.retry, w.told = 0, false
	// Somebody else shall get a turn, too: at most half of the time goes into runs.
	w.notBefore = now.Add(min(now.Sub(w.began), pauseMost*w.o.Settle))
	w.changed(w.settling.end()...)
	if !w.caughtUp {
		w.caughtUp = true
		if w.o.Every > 0 {
			w.scan = now.Add(w.o.Every)
		}
		n := Notice{Kind: Watching}
		n.Folders, n.Unwatched = w.folders.count()
		w.folders.say(n)
	}
	return nil
}

// wait tells, once until a run has come to its end, that one has to wait.
func (w *watcher) wait(n Notice) {
	if !w.told {
		w.told = true
		w.folders.say(n)
	}
}

// changed notes that something has changed below roots.
func (w *watcher) changed(roots ...string) {
	if len(roots) == 0 {
		return
	}
	now := time.Now()
	if len(w.dirty) == 0 {
		w.first = now
	}
	w.last = now
	for _, r := range roots {
		w.dirty[r] = true
	}
}

// event takes in that something happened to a path.
func (w *watcher) event(p string, e event) {
	if p == "" {
		return // an event about what is not watched any more
	}
	if e.Has(gone) {
		w.folders.forget(p)
	}
	if w.folders.outside(p) {
		return
	}
	roots, itself := w.where.of(p)
	if !itself && w.o.Concerns != nil && !w.o.Concerns(path.Base(p)) {
		return
	}
	if w.changed(roots...); len(roots) > 0 && e.Has(written) {
		w.settling.wrote(p)
	}
}

// lost takes in an error of the source: what happened since is not known.
func (w *watcher) lost(err error) {
	w.folders.say(Notice{Kind: Overflow, Err: err})
	w.reopen()
	w.changed(w.o.Roots...)
}

// reopen begins to watch again, with no folder.
func (w *watcher) reopen() {
	s, err := w.open()
	w.folders.reset(s, err)
}

// below reports whether p is dir or lies under it, by whole path elements.
func below(p, dir string) bool {
	return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/")
}
