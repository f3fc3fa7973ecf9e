package index

import (
	"context"
	"sync"

	"github.com/sightline/sightline/internal/store"
)

// contents asks the store for records by their content. Where a store answers over a
// network, workers that ask while an answer is on its way are answered together by the
// next: there is one question at a time, however many workers there are.
type contents struct {
	store  store.Store
	finder store.ContentsFinder // nil where each asks for itself

	mu      sync.Mutex
	asking  bool
	waiting []*contentQuestion
}

// contentQuestion is one of a worker, and its answer.
type contentQuestion struct {
	hash  []byte
	limit int
	found []store.Record
	err   error
	done  chan struct{}
}

func newContents(st store.Store) *contents {
	finder, _ := store.As[store.ContentsFinder](st)
	return &contents{store: st, finder: finder}
}

// find is the store's FindContent.
func (c *contents) find(ctx context.Context, hash []byte, limit int) ([]store.Record, error) {
	if c.finder == nil {
		return c.store.FindContent(ctx, hash, limit)
	}
	q := &contentQuestion{hash: hash, limit: limit, done: make(chan struct{})}
	c.mu.Lock()
	c.waiting = append(c.waiting, q)
	first := !c.asking
	c.asking = true
	c.mu.Unlock()
	if first {
		go c.ask(ctx) // which is the same for all workers of a run
	}
	select {
	case <-q.done:
		return q.found, q.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// ask answers all that wait, until nobody does.
func (c *contents) ask(ctx context.Context) {
	for {
		c.mu.Lock()
		batch := c.waiting
		c.waiting = nil
		if len(batch) == 0 {
			c.asking = false
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		hashes, most := make([][]byte, len(batch)), 0
		for i, q := range batch {
			hashes[i], most = q.hash, max(most, q.limit)
		}
		found, err := c.finder.FindContents(ctx, hashes, most)
		for i, q := range batch {
			if q.err = err; err == nil {
				q.found = found[i][:min(q.limit, len(found[i]))]
			}
			close(q.done)
		}
	}
}
