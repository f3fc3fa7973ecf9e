package index

import (
	"context"
	"errors"
	"sync"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/store"
)

// picture is a record that only lacks its embedding.
type picture struct {
	record store.Record
	added  bool   // the index had no record of the file
	moved  bool   // it had one at another place
	remove string // id of that record, if it is this run's to remove
}

// load is a batch on its way through the model: the tensor, and for each slot the
// picture that its embedding will complete.
type load struct {
	batch    *clip.Batch
	pictures []picture

	claimed int // slots handed out
	written int // slots whose pixels and record are in place
	sealed  bool
	part    bool  // of another load, and not to be filled again
	err     error // of a write: the batch must not be used
}

// split cuts a load in two.
func (l *load) split() (first, second *load) {
	n := l.batch.Len()
	cut := func(from, to int) *load {
		return &load{batch: l.batch.Part(from, to), pictures: l.pictures[from:to], part: true, err: l.err}
	}
	return cut(0, (n+1)/2), cut((n+1)/2, n)
}

// loader hands slots of one batch after another to the decode workers, and a
// batch to the model once every slot that was handed out has been written. The
// batches are made once and go round.
type loader struct {
	mu      sync.Mutex
	current *load
	workers int // that batches go to
	free    chan *load
	ready   chan *load
}

// newLoader makes the batches for a number of workers that embed and as many more as
// spare.
func newLoader(workers, spare, size int, p clip.Preprocess) *loader {
	batches := workers + spare
	// The last batches are cut into parts, of one picture at the least.
	l := &loader{workers: workers, free: make(chan *load, batches), ready: make(chan *load, batches+workers*size)}
	for range batches {
		l.free <- &load{
			batch:    clip.NewBatch(size, p),
			pictures: make([]picture, size),
		}
	}
	return l
}

// put fills one slot: write is called with the slot's pixels, outside the lock,
// so that workers write side by side. It waits while every batch is with the model.
// An error of write spoils the whole batch.
func (l *loader) put(ctx context.Context, p picture, write func(slot []float32) error) error {
	b, i, err := l.claim(ctx)
	if err != nil {
		return err
	}
	err = write(b.batch.Slot(i))
	b.pictures[i] = p
	l.mu.Lock()
	defer l.mu.Unlock()
	b.err = errors.Join(b.err, err)
	b.written++
	l.dispatch(b)
	return err
}

func (l *loader) claim(ctx context.Context) (*load, int, error) {
	for {
		l.mu.Lock()
		if l.current == nil {
			// Waiting for a free batch must not hold the lock that finishing one needs.
			l.mu.Unlock()
			select {
			case b := <-l.free:
				l.mu.Lock()
				if l.current != nil { // another worker was faster
					l.free <- b
				} else {
					b.claimed, b.written, b.sealed, b.err = 0, 0, false, nil
					l.current = b
				}
			case <-ctx.Done():
				return nil, 0, context.Cause(ctx)
			}
		}
		b := l.current
		if b == nil {
			l.mu.Unlock()
			continue
		}
		i := b.claimed
		b.claimed++
		if b.claimed == b.batch.Cap() {
			b.sealed = true
			l.current = nil
		}
		l.mu.Unlock()
		return b, i, nil
	}
}

// dispatch sends b to the model when it is complete. The lock is held; ready has
// room for every batch there is, so this never blocks.
func (l *loader) dispatch(b *load) {
	if b.sealed && b.written == b.claimed {
		b.batch.SetLen(b.claimed)
		l.ready <- b
	}
}

// finish sends the last, partly filled batch and closes ready. Every put has
// returned by then.
//
// The last batches, one per worker, are cut into ever smaller parts and sent largest
// first: otherwise one worker would have nothing left to do while another has just
// begun a whole batch.
func (l *loader) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil {
		l.current.sealed = true
		l.dispatch(l.current)
		l.current = nil
	}
	defer close(l.ready)
	if l.workers == 1 {
		return
	}
	waiting := l.drain()
	whole := max(0, len(waiting)-l.workers)
	for _, b := range waiting[:whole] {
		l.ready <- b
	}
	for rest := waiting[whole:]; len(rest) > 0; {
		var smaller []*load
		for _, b := range rest {
			if b.err == nil && b.batch.Len() > 1 {
				first, second := b.split()
				b, smaller = first, append(smaller, second)
			}
			l.ready <- b
		}
		rest = smaller
	}
}

// drain takes back what no worker has begun.
func (l *loader) drain() []*load {
	var waiting []*load
	for {
		select {
		case b := <-l.ready:
			waiting = append(waiting, b)
		default:
			return waiting
		}
	}
}
