package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
)

// jobs are the runs that this server works on, and those that it has worked on lately.
type jobs struct {
	ctx  context.Context
	stop context.CancelFunc
	work sync.WaitGroup

	mu  sync.Mutex
	all []*job // the newest last
}

// job is one piece of work in the background. It is an observer of tagging and of index
// runs.
type job struct {
	id, kind string
	began    time.Time
	cancel   context.CancelFunc

	mu       sync.Mutex
	progress Progress
	changed  chan struct{} // closed at each change
}

// Progress is how far a job is.
type Progress struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind" enum:"tag,undo,index,xmp"`
	State    string     `json:"state" enum:"running,finished,failed,stopped"`
	Planned  int        `json:"planned" doc:"Pictures, or labels of a run per label"`
	Done     int        `json:"done"`
	Failed   int        `json:"failed" doc:"Files that could not be worked on"`
	Failures []string   `json:"failures" doc:"The first of them, with why"`
	Began    time.Time  `json:"began"`
	Ended    *time.Time `json:"ended,omitempty"`
	Problem  *Problem   `json:"problem,omitempty" doc:"Why it failed"`
	Result   any        `json:"result,omitempty" doc:"What it came to"`
}

const (
	jobsKept       = 100
	failuresListed = 20
)

func newJobs() *jobs {
	ctx, stop := context.WithCancel(context.Background())
	return &jobs{ctx: ctx, stop: stop}
}

// start begins a job, unless one is at work already: a job writes the index, which one at
// a time can.
func (j *jobs) start(id, kind string, work func(context.Context, *job) (any, error)) (*job, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, other := range j.all {
		if p := other.now(); p.State == stateRunning {
			return nil, newProblem(http.StatusConflict, "locked", "the "+p.Kind+" job "+p.ID+" is at work", "wait until it has finished")
		}
	}
	if j.ctx.Err() != nil {
		return nil, errServerClosed
	}
	ctx, cancel := context.WithCancel(j.ctx)
	one := &job{id: id, kind: kind, began: time.Now().UTC(), cancel: cancel, changed: make(chan struct{})}
	one.progress = Progress{ID: id, Kind: kind, State: stateRunning, Began: one.began, Failures: []string{}}
	if len(j.all) == jobsKept {
		j.all = slices.Delete(j.all, 0, 1)
	}
	j.all = append(j.all, one)
	j.work.Go(func() {
		defer cancel()
		result, err := work(ctx, one)
		one.end(result, err)
	})
	return one, nil
}

// find returns the newest job of an id, nil for none.
func (j *jobs) find(id string) *job {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, one := range slices.Backward(j.all) {
		if one.id == id {
			return one
		}
	}
	return nil
}

// running is how far the job is that is at work, nil for none.
func (j *jobs) running() *Progress {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, one := range slices.Backward(j.all) {
		if p := one.now(); p.State == stateRunning {
			return &p
		}
	}
	return nil
}

// close stops what is at work and waits for it.
func (j *jobs) close() {
	j.mu.Lock()
	j.stop()
	j.mu.Unlock()
	j.work.Wait()
}

const (
	stateRunning  = "running"
	stateFinished = "finished"
	stateFailed   = "failed"
	stateStopped  = "stopped"
)

func (j *job) update(change func(*Progress)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(&j.progress)
	close(j.changed)
	j.changed = make(chan struct{})
}

// Planned implements tagging.Observer.
func (j *job) Planned(n int) { j.update(func(p *Progress) { p.Planned += n }) }

// Tagged implements tagging.Observer.
func (j *job) Tagged(n int) { j.update(func(p *Progress) { p.Done += n }) }

// Failed implements tagging.Observer.
func (j *job) Failed(path, reason string) {
	j.update(func(p *Progress) {
		if p.Failed++; len(p.Failures) < failuresListed {
			p.Failures = append(p.Failures, path+": "+reason)
		}
	})
}

func (j *job) end(result any, err error) {
	j.update(func(p *Progress) {
		now := time.Now().UTC()
		p.Ended, p.State, p.Result = &now, stateFinished, result
		switch {
		case err != nil && errors.Is(err, context.Canceled):
			p.State = stateStopped
		case err != nil:
			p.State, p.Problem = stateFailed, apiProblem(err)
		}
	})
}

func (j *job) now() Progress {
	p, _ := j.watch()
	return p
}

// watch returns how far the job is, and a channel that is closed when it is further.
func (j *job) watch() (Progress, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	p := j.progress
	p.Failures = slices.Clone(p.Failures)
	return p, j.changed
}
