package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/saved"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Index is an open index with its model.
type Index struct {
	Service    *query.Service
	Store      store.Store
	Collection string
	Notice     string // what the model's licence asks to be shown; "" for nothing
	Pair       bool   // a RAW file and its twin are one hit
	Runs       *tagging.Registry
	Labels     *saved.Labels
	// Classifier embeds labels. nil templates are the built-in ones.
	Classifier func(ctx context.Context, list *label.List, templates []string) (*zeroshot.Classifier, error)
	// Explored returns what indexer explore found, and nil where nobody explored; it may be
	// nil itself.
	Explored func(ctx context.Context) (*Explored, error)
	// Cluster makes a filter of the id of a cluster; nil where there are none.
	Cluster func(ctx context.Context, id string) (store.Filter, error)
	// Close closes the store and the model.
	Close func() error

	counted counted
}

// counted is how many pictures an index had a moment ago.
type counted struct {
	mu      sync.Mutex
	records int64
	at      time.Time
}

// countEvery is how long a count is believed: each search tells it, and a store reads its
// folder, or asks a server, to describe itself.
const countEvery = time.Second

// total is how many pictures there are, or were a second ago.
func (x *Index) total(ctx context.Context) (int64, error) {
	x.counted.mu.Lock()
	defer x.counted.mu.Unlock()
	if x.counted.records > 0 && time.Since(x.counted.at) < countEvery {
		return x.counted.records, nil
	}
	d, err := x.Store.Describe(ctx)
	if err != nil {
		return 0, err
	}
	x.counted.records, x.counted.at = d.Records, time.Now()
	return d.Records, nil
}

// Opener opens indexes for the server.
type Opener interface {
	// Open opens the index for reading, with its model.
	Open(ctx context.Context) (*Index, error)
	// OpenWriter opens the store of the same index for writing. The error is
	// store.ErrLocked while another process writes it.
	OpenWriter(ctx context.Context) (store.Store, error)
	// InUse says which index a call of Open would open now, cheaply.
	InUse(ctx context.Context) (store.Description, error)
}

// source keeps one index open, and reopens it when another takes its place.
type source struct {
	opener Opener
	every  time.Duration // how often it is looked whether the index was replaced

	mu      sync.Mutex
	current *held
	checked time.Time
	failed  error // of the last attempt to open, for a moment
	tried   time.Time
	closed  bool
}

// held is an index that is closed when the last of its users is done and it is not
// current any more.
type held struct {
	*Index
	users   int
	retired bool
}

const (
	checkEvery = 2 * time.Second
	retryEvery = time.Second
)

func newSource(o Opener) *source { return &source{opener: o, every: checkEvery} }

var errServerClosed = errors.New("the server is stopping")

// acquire returns the index that is in use. It must be released.
func (s *source) acquire(ctx context.Context) (*Index, func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, errServerClosed
	}
	if s.current != nil && time.Since(s.checked) > s.every {
		s.checked = time.Now()
		if s.replaced(ctx) {
			s.retire()
		}
	}
	if s.current == nil {
		if s.failed != nil && time.Since(s.tried) < retryEvery {
			return nil, nil, s.failed
		}
		// It is opened for all, and not only for who came first and may go away.
		x, err := s.opener.Open(context.WithoutCancel(ctx))
		s.failed, s.tried = err, time.Now()
		if err != nil {
			return nil, nil, err
		}
		s.current, s.checked = &held{Index: x}, time.Now()
	}
	h := s.current
	h.users++
	return h.Index, func() { s.release(h) }, nil
}

// replaced reports whether another index stands in the place of the current one. What
// cannot be told now is told by the next question.
func (s *source) replaced(ctx context.Context) bool {
	now, err := s.opener.InUse(ctx)
	if errors.Is(err, store.ErrNoIndex) {
		return true
	}
	if err != nil {
		return false
	}
	have, err := s.current.Store.Describe(ctx)
	if err != nil {
		return true
	}
	return now.Model.Fingerprint != have.Model.Fingerprint || !now.Created.Equal(have.Created)
}

// errReplaced says that another index stands in the place of the one that was in use.
var errReplaced = errors.New("the index was replaced")

// lost says why the index that was in use is not the one of now: store.ErrNoIndex where there
// is none, errReplaced where there is another, nil where it is the same.
func (s *source) lost(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	if s.current != nil {
		if !s.replaced(ctx) {
			return nil
		}
		s.retire()
	}
	if _, err := s.opener.InUse(ctx); errors.Is(err, store.ErrNoIndex) {
		return err
	}
	return errReplaced
}

func (s *source) retire() {
	h := s.current
	s.current, h.retired = nil, true
	if h.users == 0 {
		h.Close() // a store that was only read loses nothing
	}
}

func (s *source) release(h *held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.users--; h.users == 0 && h.retired {
		h.Close()
	}
}

// close closes the index once its users are done.
func (s *source) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.current == nil {
		return nil
	}
	h := s.current
	s.current, h.retired = nil, true
	if h.users > 0 {
		return fmt.Errorf("%d requests still use the index", h.users)
	}
	return h.Close()
}

// isOpen reports whether the index is open now.
func (s *source) isOpen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current != nil
}
