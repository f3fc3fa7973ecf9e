package server

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// gate bounds what is worked on at once, and how much of a request is read. A request takes
// a place once its body is there: who sends one slowly keeps nobody else out. Large bodies
// are not held in memory for that; they have places of their own.
type gate struct {
	places    chan struct{}
	receiving chan struct{} // small bodies that are being read
	uploads   chan struct{} // requests with large ones
	body      int64
	slowest   time.Duration // for reading a small body
}

const (
	// patience is how long a request waits for a place.
	patience = 2 * time.Second
	// smallBody is what is read before a place is taken: tags, labels and lists of ids.
	smallBody = 1 << 20
	// bodyPatience is how long a small body may take. A line of 64 kB/s sends one in time.
	bodyPatience = 15 * time.Second
	// largeTime is how long a large one may take.
	largeTime = time.Minute
)

func newGate(places int, body int64, slowest time.Duration) gate {
	return gate{
		places: make(chan struct{}, places), receiving: make(chan struct{}, 4*places), uploads: make(chan struct{}, max(1, places/8)),
		body: body, slowest: slowest,
	}
}

// taken is how many places are taken.
func (g gate) taken() int { return len(g.places) + len(g.uploads) }

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
		places := g.places
		if r.ContentLength != 0 {
			whole, ok := g.receive(w, r)
			if !ok {
				return
			}
			if !whole {
				places = g.uploads
				http.NewResponseController(w).SetReadDeadline(time.Now().Add(largeTime)) // not every writer has one
			}
		}
		if !enter(w, r, places) {
			return
		}
		defer func() { <-places }()
		next.ServeHTTP(w, r)
	})
}

// enter takes a place, or answers that none is free.
func enter(w http.ResponseWriter, r *http.Request, places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	default:
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case places <- struct{}{}:
		return true
	case <-r.Context().Done():
	case <-late.C:
		p := newProblem(http.StatusServiceUnavailable, kindBusy, "too many requests are at work", "come again in a second")
		p.retryAfter = 1
		writeProblem(w, p)
	}
	return false
}

// receive reads a small body whole. whole is false for one that is large; ok is false where
// the request has been answered.
func (g gate) receive(w http.ResponseWriter, r *http.Request) (whole, ok bool) {
	if r.ContentLength > smallBody {
		return false, true
	}
	if !enter(w, r, g.receiving) {
		return false, false
	}
	defer func() { <-g.receiving }()
	c := http.NewResponseController(w)
	c.SetReadDeadline(time.Now().Add(g.slowest)) // not every writer has one
	data, err := io.ReadAll(io.LimitReader(r.Body, smallBody+1))
	if err != nil {
		p := newProblem(http.StatusBadRequest, "usage", "the body of the request cannot be read: "+err.Error(), "")
		if errors.Is(err, os.ErrDeadlineExceeded) {
			p = newProblem(http.StatusRequestTimeout, "usage", "the body of the request did not come in time", "send it in one go")
		}
		w.Header().Set("Connection", "close")
		writeProblem(w, p)
		return false, false
	}
	c.SetReadDeadline(time.Time{})
	rest := r.Body
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(data), rest), rest}
	return len(data) <= smallBody, true
}
