package server

import (
	"net/http"
	"strings"
	"time"
)

// gate bounds what is worked on at once, and how much of a request is read.
type gate struct {
	places chan struct{}
	body   int64
}

// patience is how long a request waits for a place.
const patience = 2 * time.Second

func newGate(places int, body int64) gate { return gate{make(chan struct{}, places), body} }

// waiting is how many places are taken.
func (g gate) taken() int { return len(g.places) }

func (g gate) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, g.body)
		// Events wait nearly all of their time, and what is asked about our health must be
		// answered when much is going on. Signing in needs no token: strangers who send
		// their requests slowly must not take the places of those who have one.
		if !strings.HasPrefix(r.URL.Path, Prefix+"/") && r.URL.Path != mcpPath || strings.HasSuffix(r.URL.Path, "/events") || r.URL.Path == sessionPath {
			next.ServeHTTP(w, r)
			return
		}
		select {
		case g.places <- struct{}{}:
		default:
			late := time.NewTimer(patience)
			defer late.Stop()
			select {
			case g.places <- struct{}{}:
			case <-r.Context().Done():
				return
			case <-late.C:
				p := newProblem(http.StatusServiceUnavailable, kindBusy, "too many requests are at work", "come again in a second")
				p.retryAfter = 1
				writeProblem(w, p)
				return
			}
		}
		defer func() { <-g.places }()
		next.ServeHTTP(w, r)
	})
}
