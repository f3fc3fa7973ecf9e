// Package progress is the one owner of the terminal while a command works: the
// line that shows how far it is, failures and log lines all go through a
// Reporter, so that none breaks another.
//
// A Reporter is driven by plain calls from any goroutine and satisfies the small
// observer interfaces that other packages declare. It writes to stderr: results
// are not its business.
package progress

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// Reporter shows how work goes. All methods are safe for concurrent use. Finish
// must be called once the work has ended, however it ended.
type Reporter struct {
	out  output
	stop chan struct{} // closed by Finish
	done chan struct{} // closed when the ticking has ended

	mu       sync.Mutex // guards what follows and the use of out
	state    state
	partial  []byte // a log line without its end
	finished bool
}

// state is what there is to show.
type state struct {
	pictures counts
	bytes    Bytes
}

// counts is how far an indexing run is.
type counts struct {
	seen, planned, embedded, failed int64
	walkDone                        bool
	rate                            rate   // of embedded pictures
	verb                            string // what is done to pictures; "" for embedded
}

// Bytes is how far a transfer is. The zero value means that there is none.
type Bytes struct {
	What  string  // "downloading", "checking"
	File  string  // in hand; may be empty
	Done  int64   // bytes over all files
	Total int64   // 0 while unknown
	Rate  float64 // bytes per second; 0 until known
}

// output is a way of showing things. A Reporter calls it with its lock held.
type output interface {
	// interval is how often show is called; 0 means never.
	interval() time.Duration
	// show tells where the work stands; final is set for the last call.
	show(s *state, final bool)
	failed(path, reason string)
	// lines writes finished log lines as they are.
	lines(p []byte)
}

// newReporter starts the ticking, so that rates and times left change on screen
// while no news comes.
func newReporter(out output) *Reporter {
	r := &Reporter{out: out, stop: make(chan struct{}), done: make(chan struct{})}
	if out.interval() == 0 {
		close(r.done)
		return r
	}
	go r.tick(time.NewTicker(out.interval()))
	return r
}

func (r *Reporter) tick(t *time.Ticker) {
	defer close(r.done)
	defer t.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-t.C:
			r.update(func(s *state) { r.out.show(s, false) })
		}
	}
}

// update changes or shows the state, unless the work is over. The rate catches up
// first: until now the work stood as the old counts say.
func (r *Reporter) update(f func(*state)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.finished {
		r.state.pictures.pass(time.Now())
		f(&r.state)
	}
}

// count changes the counts.
func (r *Reporter) count(f func(*counts)) { r.update(func(s *state) { f(&s.pictures) }) }

// Planned says that n more pictures were found that must be embedded.
func (r *Reporter) Planned(n int) { r.count(func(c *counts) { c.planned += int64(n) }) }

// Seen says that n more files were looked at.
func (r *Reporter) Seen(n int) { r.count(func(c *counts) { c.seen += int64(n) }) }

// Embedded says that n more pictures are embedded and durable.
func (r *Reporter) Embedded(n int) {
	r.count(func(c *counts) {
		c.embedded += int64(n)
		c.rate.add(n)
	})
}

// Failed says that a candidate could not be indexed, and shows it.
func (r *Reporter) Failed(path, reason string) {
	r.count(func(c *counts) {
		c.failed++
		r.out.failed(path, reason)
	})
}

// Verb says what is done to pictures where they are not embedded: "tagged". Embedded
// then counts those.
func (r *Reporter) Verb(verb string) { r.count(func(c *counts) { c.verb = verb }) }

// WalkDone says that the number of planned pictures is final.
func (r *Reporter) WalkDone() { r.count(func(c *counts) { c.walkDone = true }) }

// Bytes shows a transfer in place of the pictures until it is called with the zero
// value.
func (r *Reporter) Bytes(b Bytes) { r.update(func(s *state) { s.bytes = b }) }

// Writer returns a writer for log lines: whole lines are shown above the line of
// progress, unchanged. It works after Finish as well.
func (r *Reporter) Writer() io.Writer { return logWriter{r} }

type logWriter struct{ r *Reporter }

// Write keeps what follows the last newline until its line is complete.
func (w logWriter) Write(p []byte) (int, error) {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	end := bytes.LastIndexByte(p, '\n') + 1
	if end > 0 {
		w.r.out.lines(append(w.r.partial, p[:end]...))
		w.r.partial = nil
	}
	w.r.partial = append(w.r.partial, p[end:]...)
	return len(p), nil
}

// Finish ends the progress: the moving line is taken off the terminal, or where
// there is none the last state is written. Further calls do nothing.
func (r *Reporter) Finish() {
	r.mu.Lock()
	if r.finished {
		r.mu.Unlock()
		return
	}
	r.state.pictures.pass(time.Now())
	r.out.show(&r.state, true)
	r.finished = true
	if len(r.partial) > 0 {
		r.out.lines(append(r.partial, '\n'))
		r.partial = nil
	}
	r.mu.Unlock()
	close(r.stop)
	<-r.done
}

// pass lets the time until now pass.
func (c *counts) pass(now time.Time) { c.rate.advance(now, c.left() > 0) }

// left is how many pictures still have to be embedded. A failure counts as one that
// was planned; the few that were not (a folder that could not be read) make the
// number a little too small, and never less than none.
func (c *counts) left() int64 { return max(c.planned-c.embedded-c.failed, 0) }

// eta is how long the rest will take at the present rate; false while unknown.
func (c *counts) eta() (time.Duration, bool) { return timeLeft(c.left(), c.rate.perSecond()) }

func (b *Bytes) eta() (time.Duration, bool) {
	if b.Total <= 0 {
		return 0, false
	}
	return timeLeft(max(b.Total-b.Done, 0), b.Rate)
}

// timeLeft is false where the rate is none, or so low that the answer says nothing.
func timeLeft(n int64, rate float64) (time.Duration, bool) {
	const longest = 1000 * 24 * time.Hour
	seconds := float64(n) / rate
	if !(rate > 0) || seconds > longest.Seconds() {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}
