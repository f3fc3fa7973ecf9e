package index

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/sightline/sightline/internal/store"
)

// slowFinder answers when it is let, and counts the questions.
type slowFinder struct {
	store.Store
	let       chan struct{}
	questions []int
	fail      error
}

func (f *slowFinder) FindContents(ctx context.Context, hashes [][]byte, limit int) ([][]store.Record, error) {
	select {
	case <-f.let:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	f.questions = append(f.questions, len(hashes))
	out := make([][]store.Record, len(hashes))
	for i, h := range hashes {
		for n := range min(limit, int(h[0])) {
			out[i] = append(out[i], store.Record{ID: fmt.Sprint(h[0], n)})
		}
	}
	return out, f.fail
}

// Whoever asks while an answer is on its way is answered with all others by the next.
func TestContentsAreAskedForTogether(t *testing.T) {
	f := &slowFinder{let: make(chan struct{})}
	c := newContents(f)
	var all sync.WaitGroup
	ask := func(n byte) {
		all.Go(func() {
			found, err := c.find(t.Context(), []byte{n}, 5)
			if err != nil || len(found) != min(int(n), 5) || n > 0 && found[0].ID != fmt.Sprint(n, 0) {
				t.Errorf("asked for %d: %v, %v", n, found, err)
			}
		})
	}
	waiting := func(n int) {
		for {
			c.mu.Lock()
			have := len(c.waiting)
			c.mu.Unlock()
			if have == n {
				return
			}
		}
	}
	ask(1)
	waiting(0) // it is on its way: now or soon
	for c.mu.Lock(); !c.asking; c.mu.Lock() {
		c.mu.Unlock()
	}
	c.mu.Unlock()
	waiting(0)
	for n := range byte(7) {
		ask(n)
	}
	waiting(7)
	close(f.let)
	all.Wait()
	if len(f.questions) != 2 || f.questions[0] != 1 || f.questions[1] != 7 {
		t.Errorf("questions of %v hashes", f.questions)
	}
	f.fail = errors.New("away")
	if _, err := c.find(t.Context(), []byte{1}, 1); !errors.Is(err, f.fail) {
		t.Errorf("error %v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := newContents(&slowFinder{let: make(chan struct{})}).find(stopped, []byte{1}, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}
