package main

import (
	"encoding/base64"
	"encoding/json"
	"sync"
	"unicode/utf8"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/index"
)

// failureJSON is a failure for scripts.
type failureJSON struct {
	Path       string `json:"path"`
	Reason     string `json:"reason"`
	PathBase64 string `json:"path_base64,omitempty"` // where the path is not UTF-8
}

func newFailureJSON(path, reason string) failureJSON {
	f := failureJSON{Path: path, Reason: reason}
	if !utf8.ValidString(path) {
		f.PathBase64 = base64.StdEncoding.EncodeToString([]byte(path))
	}
	return f
}

// failureLines prints each failure of a run as a JSON line among the results,
// besides passing it on.
type failureLines struct {
	index.Observer
	mu sync.Mutex // a line at a time
	p  *app.Program
}

// Failed prints a failure and passes it on.
func (l *failureLines) Failed(path, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line, _ := json.Marshal(newFailureJSON(path, reason)) // strings always marshal
	l.p.Printf("%s\n", line)
	l.Observer.Failed(path, reason)
}
