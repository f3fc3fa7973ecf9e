// Package batch joins the questions of people who ask at the same time: searches that
// come while a scan runs go together as one scan with many vectors, and texts as one
// batch of the text tower. Nobody waits for others to come: who comes first goes alone.
package batch

import (
	"context"
	"reflect"
	"sync"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// most bounds the vectors of one scan.
const most = 64

// Store is a store whose searches go together. The rest passes through.
type Store struct {
	store.Store
	queue queue[search, [][]store.Hit]
}

// search is a question that waits.
type search struct{ q store.Query }

// NewStore returns st with its searches joined. So many scans run at once; 0 is 2, so that
// one can read its records while the other compares.
func NewStore(st store.Store, scans int) *Store {
	if scans <= 0 {
		scans = 2
	}
	s := &Store{Store: st}
	s.queue.slots, s.queue.fits, s.queue.run = scans, fit, s.run
	return s
}

// Unwrap lets store.As see what the store itself can do.
func (s *Store) Unwrap() store.Store { return s.Store }

// Search implements store.Searcher: the answer is the one that the question would have had
// alone.
func (s *Store) Search(ctx context.Context, q store.Query) ([][]store.Hit, error) {
	if err := q.Validate(s.Model().Dim); err != nil || q.Vectors.Rows == 0 || q.Vectors.Rows > most {
		return s.Store.Search(ctx, q)
	}
	return s.queue.do(ctx, search{q})
}

// fit reports whether a question can go with others: it asks about the same pictures.
func fit(group []search, one search) bool {
	rows := one.q.Vectors.Rows
	for _, g := range group {
		rows += g.q.Vectors.Rows
	}
	first := group[0].q
	return rows <= most && first.MinScore == one.q.MinScore && reflect.DeepEqual(first.Filter, one.q.Filter) &&
		one.q.K <= 4*first.K && first.K <= 4*one.q.K // a long list must not make short ones wait
}

// run answers questions that fit together. Of the longest list each gets its part: the k
// best of a search are the first k of a longer one.
func (s *Store) run(ctx context.Context, group []search) ([][][]store.Hit, error) {
	if len(group) == 1 {
		hits, err := s.Store.Search(ctx, group[0].q)
		return [][][]store.Hit{hits}, err
	}
	all := group[0].q
	rows := 0
	for _, g := range group {
		rows += g.q.Vectors.Rows
		all.K = max(all.K, g.q.K)
	}
	all.Vectors = vec.NewMatrix(rows, group[0].q.Vectors.Cols)
	at := 0
	for _, g := range group {
		for i := range g.q.Vectors.Rows {
			copy(all.Vectors.Row(at), g.q.Vectors.Row(i))
			at++
		}
	}
	hits, err := s.Store.Search(ctx, all)
	if err != nil {
		return nil, err
	}
	out := make([][][]store.Hit, len(group))
	for i, g := range group {
		n := g.q.Vectors.Rows
		for _, list := range hits[:n] {
			out[i] = append(out[i], list[:min(len(list), g.q.K)])
		}
		hits = hits[n:]
	}
	return out, nil
}

// queue runs groups of questions that fit together, so many groups at once.
type queue[Q, A any] struct {
	slots int
	fits  func(group []Q, one Q) bool
	run   func(context.Context, []Q) ([]A, error)

	mu      sync.Mutex
	running int
	waiting []*asked[Q, A]
}

// asked is a question and who waits for its answer.
type asked[Q, A any] struct {
	q    Q
	ctx  context.Context
	done chan struct{}
	a    A
	err  error
}

// do returns the answer to a question, or the error of ctx, whichever comes first.
func (s *queue[Q, A]) do(ctx context.Context, q Q) (A, error) {
	one := &asked[Q, A]{q: q, ctx: ctx, done: make(chan struct{})}
	s.mu.Lock()
	s.waiting = append(s.waiting, one)
	if s.running < s.slots {
		s.running++
		go s.work()
	}
	s.mu.Unlock()
	select {
	case <-one.done:
		return one.a, one.err
	case <-ctx.Done():
		var none A
		return none, context.Cause(ctx)
	}
}

// work answers what waits until nothing does.
func (s *queue[Q, A]) work() {
	for {
		group := s.next()
		if len(group) == 0 {
			return
		}
		s.answer(group)
	}
}

// next takes the oldest question and those that fit to it. Those whose askers have gone
// are left out.
func (s *queue[Q, A]) next() []*asked[Q, A] {
	s.mu.Lock()
	defer s.mu.Unlock()
	var group, rest []*asked[Q, A]
	var questions []Q
	for _, one := range s.waiting {
		switch {
		case one.ctx.Err() != nil:
		case len(group) == 0 || s.fits(questions, one.q):
			group, questions = append(group, one), append(questions, one.q)
		default:
			rest = append(rest, one)
		}
	}
	s.waiting = rest
	if len(group) == 0 {
		s.running--
	}
	return group
}

// answer runs a group. It ends early when all of its askers have gone.
func (s *queue[Q, A]) answer(group []*asked[Q, A]) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(group[0].ctx))
	defer cancel()
	left := len(group)
	var mu sync.Mutex
	questions := make([]Q, len(group))
	for i, one := range group {
		questions[i] = one.q
		stop := context.AfterFunc(one.ctx, func() {
			mu.Lock()
			defer mu.Unlock()
			if left--; left == 0 {
				cancel()
			}
		})
		defer stop()
	}
	answers, err := s.run(ctx, questions)
	if err != nil && len(group) > 1 && ctx.Err() == nil {
		// One of them may be at fault: each is told its own.
		for _, one := range group {
			s.answer([]*asked[Q, A]{one})
		}
		return
	}
	for i, one := range group {
		if one.err = err; err == nil {
			one.a = answers[i]
		}
		close(one.done)
	}
}
