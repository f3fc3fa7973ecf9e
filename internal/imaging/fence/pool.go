package fence

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Pool keeps workers. Its methods may be called at once from many goroutines.
type Pool struct {
	options Options
	turns   chan struct{} // one for each worker that may be at work
	spent   atomic.Int64  // nanoseconds of processor time

	mu      sync.Mutex
	idle    []*worker // the one that worked last is last
	walls   Walls
	checked bool  // a worker has passed Check
	failed  int   // starts since one that succeeded
	why     error // of the last
}

// mostStarts is how many workers may fail to start, one after the other, before no more are
// started.
const mostStarts = 3

// New makes a pool without any worker: each is started when it is first needed.
func New(o Options) *Pool {
	return &Pool{options: o, turns: make(chan struct{}, max(1, o.Most))}
}

// Do gives a job to a worker and returns its result. Where the job ends the worker, the error is
// a Failure. One that somebody else killed, as a system does that is short of memory, is followed by
// another, once. When ctx is over, so is the worker, and the error is the cause.
func (p *Pool) Do(ctx context.Context, j *Job) ([]byte, error) {
	select {
	case p.turns <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-p.turns }()
	killed, gone := 0, 0
	for {
		w, err := p.take(ctx)
		if err != nil {
			return nil, err
		}
		result, err := w.do(ctx, j)
		if err == nil {
			result = slices.Clone(result) // it is the worker's
			p.spent.Add(w.spentNow())
			p.give(w)
			return result, nil
		}
		spent, failure := w.end(err)
		p.spent.Add(spent)
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.Is(err, ErrUnavailable):
			return nil, err
		case errors.Is(err, errGone): // it had ended before it got the job
			if gone++; gone > p.options.Most+mostStarts {
				return nil, fmt.Errorf("%w: they end when they have begun", ErrUnavailable)
			}
		case failure.killed && killed == 0:
			killed++
		default:
			return nil, failure
		}
	}
}

// Start sees to it that there is a worker, and returns the walls around it.
func (p *Pool) Start(ctx context.Context) (Walls, error) {
	w, err := p.take(ctx)
	if err != nil {
		return 0, err
	}
	p.give(w)
	return p.walls, nil
}

// Unavailable is the reason why the worker that was last needed could not be had; nil where it could.
func (p *Pool) Unavailable() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == 0 {
		return nil
	}
	return p.why
}

// ProcessorTime is what all workers have had of it. It grows when a job ends.
func (p *Pool) ProcessorTime() time.Duration { return time.Duration(p.spent.Load()) }

// Close ends the workers that have nothing to do. Others are started when they are needed.
func (p *Pool) Close() {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, w := range idle {
		w.end(nil)
	}
}

// take returns a worker that has nothing to do.
func (p *Pool) take(ctx context.Context) (*worker, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return w, nil
	}
	failed, why, checked := p.failed, p.why, p.checked
	p.mu.Unlock()
	if failed >= mostStarts {
		return nil, why
	}
	w, err := p.start(ctx, checked)
	if ctx.Err() != nil {
		if err == nil {
			w.end(nil)
		}
		return nil, context.Cause(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.failed++
		p.why = fmt.Errorf("%w: %w", ErrUnavailable, err)
		return nil, p.why
	}
	p.failed, p.checked, p.walls = 0, true, w.walls
	return w, nil
}

func (p *Pool) start(ctx context.Context, checked bool) (*worker, error) {
	w, err := startWorker(ctx, p.options)
	if err != nil || checked || p.options.Check == nil {
		return w, err
	}
	var ended error
	err = p.options.Check(func(j *Job) (result []byte, err error) {
		result, err = w.do(ctx, j)
		ended = err
		return result, err
	})
	if err == nil {
		return w, nil
	}
	if _, failure := w.end(ended); ended != nil {
		err = failure
	}
	return nil, fmt.Errorf("on trial: %w", err)
}

func (p *Pool) give(w *worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, w)
}
