package walk

import (
	"runtime"
	"sync"
)

// aheadLimit bounds the items that lie ready for the consumer, some 150 bytes each.
const aheadLimit = 16 << 10

// job is a folder to be read or a segment to be looked at.
type job interface {
	claim() bool
	isClaimed() bool
	run()
	finished() <-chan struct{}
}

// readAhead does jobs before the consumer comes to them. Jobs lie on a stack, so
// that the next one taken is the one that the consumer will need soonest. The
// consumer never waits for a job that nobody has begun: it does that one itself.
// So readers may stop at the limit, or be absent, without a deadlock.
type readAhead struct {
	mu     sync.Mutex
	wake   *sync.Cond
	jobs   []job
	ready  int      // items looked at and not yet taken
	slabs  [][]item // empty, to be filled again
	closed bool
	wg     sync.WaitGroup
}

func newReadAhead(readers int) *readAhead {
	if readers == 0 {
		// More than the cores would need on a local disk; a network one has latency.
		readers = min(max(2, runtime.GOMAXPROCS(0)), 8)
	}
	a := &readAhead{}
	a.wake = sync.NewCond(&a.mu)
	for range readers {
		a.wg.Go(a.read)
	}
	return a
}

// read is a reader's life.
func (a *readAhead) read() {
	for {
		j := a.next()
		if j == nil {
			return
		}
		if j.claim() {
			j.run()
		}
	}
}

func (a *readAhead) next() job {
	a.mu.Lock()
	defer a.mu.Unlock()
	for !a.closed && (len(a.jobs) == 0 || a.ready >= aheadLimit) {
		a.wake.Wait()
	}
	if a.closed {
		return nil
	}
	return a.pop()
}

// pop takes the top of the stack. The lock is held.
func (a *readAhead) pop() job {
	last := len(a.jobs) - 1
	j := a.jobs[last]
	a.jobs[last] = nil
	a.jobs = a.jobs[:last]
	return j
}

// offer puts a job on the stack.
func (a *readAhead) offer(j job) {
	a.mu.Lock()
	a.jobs = append(a.jobs, j)
	a.mu.Unlock()
	a.wake.Signal()
}

// forget drops claimed jobs from the top of the stack, which is where those lie
// that the consumer did itself.
func (a *readAhead) forget() {
	a.mu.Lock()
	for len(a.jobs) > 0 && a.jobs[len(a.jobs)-1].isClaimed() {
		a.pop()
	}
	a.mu.Unlock()
}

// looked counts items that now lie ready.
func (a *readAhead) looked(n int) {
	a.mu.Lock()
	a.ready += n
	a.mu.Unlock()
}

// took counts items that the consumer took.
func (a *readAhead) took(n int) {
	a.mu.Lock()
	full := a.ready >= aheadLimit
	a.ready -= n
	a.mu.Unlock()
	if full {
		a.wake.Broadcast()
	}
}

// maxSlabs is how many slices of items lie ready to be filled again.
const maxSlabs = 64

// slab returns an empty slice for n items: one that was given back, if one fits without
// waste, since a walk over many files would else leave the collector as many items.
func (a *readAhead) slab(n int) []item {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := len(a.slabs) - 1; i >= 0; i-- {
		if s := a.slabs[i]; cap(s) >= n && cap(s) <= 2*n {
			a.slabs[i] = a.slabs[len(a.slabs)-1]
			a.slabs = a.slabs[:len(a.slabs)-1]
			return s
		}
	}
	return make([]item, 0, n)
}

// giveBack takes a slice whose items nobody looks at any more.
func (a *readAhead) giveBack(items []item) {
	clear(items)
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.slabs) < maxSlabs {
		a.slabs = append(a.slabs, items[:0])
	}
}

// stop ends the readers and waits for them.
func (a *readAhead) stop() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.wake.Broadcast()
	a.wg.Wait()
}
