// Package worktime bounds how long the decoding of a picture may work. What counts is the
// time that a processor spent on it: on a machine that does much else at once, or that
// slept, decoding takes longer and is none the worse.
package worktime

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// Err says that a picture took more time than it may.
var Err = errors.New("decoding takes too long")

// Limited returns a context for work on the calling goroutine, which is to ask it now and
// then by its Err. That gives an error that wraps Err once the work took longer than
// limit; Done does not tell. stop ends the work, on the same goroutine.
func Limited(parent context.Context, limit time.Duration) (ctx context.Context, stop func()) {
	runtime.LockOSThread() // whose clock it is
	w := &work{Context: parent, limit: limit, since: time.Now(), worked: threadTime()}
	return w, runtime.UnlockOSThread
}

type work struct {
	context.Context
	limit  time.Duration
	since  time.Time
	worked time.Duration // by the thread, before
	next   time.Duration // since then, when the thread is asked again: that is dear
}

// Err implements context.Context.
func (w *work) Err() error {
	if err := w.Context.Err(); err != nil {
		return err
	}
	wall := time.Since(w.since)
	if wall <= w.limit || wall < w.next {
		return nil
	}
	worked := threadTime() - w.worked
	if worked > w.limit {
		return fmt.Errorf("%w: longer than %v", Err, w.limit.Round(time.Millisecond))
	}
	w.next = wall + w.limit - worked // it cannot have worked so much before
	return nil
}
