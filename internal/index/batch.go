package index

import (
	"context"
	"errors"
	"sync"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/store"
)

// load is a batch on its way through the model: the tensor, and for each slot the
// record that its embedding will complete.
type load struct {
	batch   *clip.Batch
	records []store.Record
	added   []bool

	claimed int // slots handed out
	written int // slots whose pixels and record are in place
	sealed  bool
	err     error // of a write: the batch must not be used
}

// loader hands slots of one batch after another to the decode workers, and a
// batch to the model once every slot that was handed out has been written. The
// batches are made once and go round.
type loader struct {
	mu      sync.Mutex
	current *load
	free    chan *load
	ready   chan *load
}

func newLoader(batches, size int, p clip.Preprocess) *loader {
	l := &loader{free: make(chan *load, batches), ready: make(chan *load, batches)}
	for range batches {
		l.free <- &load{
			batch:   clip.NewBatch(size, p),
			records: make([]store.Record, size),
			added:   make([]bool, size),
		}
	}
	return l
}

// put fills one slot: write is called with the slot's pixels, outside the lock,
// so that workers write side by side. It waits while every batch is with the model.
// An error of write spoils the whole batch.
func (l *loader) put(ctx context.Context, rec store.Record, added bool, write func(slot []float32) error) error {
	b, i, err := l.claim(ctx)
	if err != nil {
		return err
	}
	err = write(b.batch.Slot(i))
	b.records[i], b.added[i] = rec, added
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
func (l *loader) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil {
		l.current.sealed = true
		l.dispatch(l.current)
		l.current = nil
	}
	close(l.ready)
}
