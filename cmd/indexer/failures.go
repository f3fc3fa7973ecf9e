package main

import (
	"encoding/json"
	"sync"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/index"
)

// failureLines prints each failure of a run as a JSON line among the results,
// besides passing it on.
type failureLines struct {
	index.Observer
	mu sync.Mutex // a line at a time
	p  *cmdline.Program
}

// Failed prints a failure and passes it on.
func (l *failureLines) Failed(path, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line, _ := json.Marshal(cmdline.NewFailure(path, reason)) // strings always marshal
	l.p.Printf("%s\n", line)
	l.Observer.Failed(path, reason)
}
