package ort

import (
	"context"
	"sync"
)

// gate lets calls in until it is closed. A call into C is never abandoned, so closing
// waits for those inside before anything that they use is freed. The zero value is
// open.
type gate struct {
	mu     sync.RWMutex // held for reading by every call, for writing while freeing
	closed bool
}

// enter begins a call; the function that it returns ends it. It fails with ctx's cause
// if ctx has ended, and with closed if the gate has been closed.
func (g *gate) enter(ctx context.Context, closed error) (leave func(), err error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	g.mu.RLock()
	if g.closed {
		g.mu.RUnlock()
		return nil, closed
	}
	return g.mu.RUnlock, nil
}

// close runs free once no call is inside, and lets none in any more. Further closes do
// nothing.
func (g *gate) close(free func() error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	g.closed = true
	return free()
}
