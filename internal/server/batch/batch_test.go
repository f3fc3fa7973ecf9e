package batch

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/vec"
)

const dim = 32

// counted counts searches, and holds them up where it is told to.
type counted struct {
	store.Store
	searches, vectors atomic.Int64
	hold              chan struct{} // each search takes one, where it is not nil
	fail              func(store.Query) error
}

func (c *counted) Search(ctx context.Context, q store.Query) ([][]store.Hit, error) {
	c.searches.Add(1)
	c.vectors.Add(int64(q.Vectors.Rows))
	if c.hold != nil {
		select {
		case <-c.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if c.fail != nil {
		if err := c.fail(q); err != nil {
			return nil, err
		}
	}
	return c.Store.Search(ctx, q)
}

func unit(r *rand.Rand) []float32 {
	v := make([]float32, dim)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	if err := vec.Normalize(v); err != nil {
		panic(err)
	}
	return v
}

// fill makes an index of n pictures.
func fill(t *testing.T, n int) *counted {
	t.Helper()
	st, err := local.Open(t.Context(), local.Options{Dir: t.TempDir(), Collection: "c", Mode: store.Create, Model: store.Model{Fingerprint: "f", Name: "f", Dim: dim}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	r := rand.New(rand.NewPCG(1, 2))
	records := make([]store.Record, n)
	for i := range records {
		p := fmt.Sprintf("/p/%d/%05d.jpg", i%3, i)
		records[i] = store.Record{ID: store.ID("c", p), Path: p, Root: "/p", Size: 1, Width: 1 + i, Height: 1, Format: "jpeg", Vector: unit(r)}
	}
	if err := st.Upsert(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	return &counted{Store: st}
}

func question(seed uint64, k int, f store.Filter) store.Query {
	v := vec.NewMatrix(1, dim)
	copy(v.Row(0), unit(rand.New(rand.NewPCG(seed, 7))))
	return store.Query{Vectors: v, K: k, MinScore: -1, Filter: f}
}

// TestAnswersAreTheSame asks many questions at once, and each by itself: scores are equal
// to the bit.
func TestAnswersAreTheSame(t *testing.T) {
	under := fill(t, 2000)
	s := NewStore(under, 1)
	filters := []store.Filter{nil, store.Under("/p/1"), store.SideAtLeast{Side: store.Width, Pixels: 500}}
	var all sync.WaitGroup
	for i := range 200 {
		q := question(uint64(i), 1+i%20, filters[i%len(filters)])
		if i%10 == 9 {
			q.MinScore = 0.1
		}
		all.Go(func() {
			got, err := s.Search(t.Context(), q)
			if err != nil {
				t.Error(err)
				return
			}
			want, err := under.Store.Search(t.Context(), q)
			if err != nil {
				t.Error(err)
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("question %d (-alone +together):\n%s", i, diff)
			}
		})
	}
	all.Wait()
	if under.vectors.Load() != 200 {
		t.Errorf("%d vectors were searched", under.vectors.Load())
	}
}

// TestGoTogether holds the first search up; those that come meanwhile are one.
func TestGoTogether(t *testing.T) {
	under := fill(t, 100)
	under.hold = make(chan struct{})
	s := NewStore(under, 1)
	var all sync.WaitGroup
	ask := func(q store.Query) {
		all.Go(func() {
			if hits, err := s.Search(t.Context(), q); err != nil || len(hits) != 1 || len(hits[0]) != q.K {
				t.Errorf("%d lists, %v", len(hits), err)
			}
		})
	}
	ask(question(0, 5, nil))
	until(func() bool { return !(under.searches.Load() == 0) })
	for i := range 10 {
		ask(question(uint64(i), 5+i%3, nil))
	}
	ask(question(1, 5, store.Under("/p/1"))) // which needs a scan of its own
	until(func() bool { return !(s.queue.length() < 11) })
	for range 3 {
		under.hold <- struct{}{}
	}
	all.Wait()
	if n := under.searches.Load(); n != 3 {
		t.Errorf("%d scans", n)
	}
}

// until waits for a condition that comes true soon.
func until(condition func() bool) {
	for !condition() {
		time.Sleep(time.Millisecond)
	}
}

// length is how many questions wait.
func (s *queue[Q, A]) length() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting)
}

// TestWhoLeaves cancels questions: the others are answered, and nothing runs for nobody.
func TestWhoLeaves(t *testing.T) {
	under := fill(t, 100)
	under.hold = make(chan struct{})
	s := NewStore(under, 1)
	ctx, leave := context.WithCancel(t.Context())
	first := make(chan error)
	go func() {
		_, err := s.Search(ctx, question(0, 5, nil))
		first <- err
	}()
	until(func() bool { return !(under.searches.Load() == 0) })
	go func() {
		_, err := s.Search(ctx, question(1, 5, nil))
		first <- err
	}()
	until(func() bool { return !(s.queue.length() == 0) })
	stays := make(chan error)
	go func() {
		_, err := s.Search(t.Context(), question(2, 5, nil))
		stays <- err
	}()
	until(func() bool { return !(s.queue.length() < 2) })
	leave()
	for range 2 {
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
	}
	until(func() bool { return under.searches.Load() == 2 }) // the first scan ended by itself
	under.hold <- struct{}{}
	if err := <-stays; err != nil {
		t.Errorf("who stayed got %v", err)
	}
	if n := under.vectors.Load(); n != 2 {
		t.Errorf("%d vectors were searched, one of them for nobody", n)
	}
}

// TestOneAtFault tells each of a group its own error.
func TestOneAtFault(t *testing.T) {
	under := fill(t, 100)
	under.hold = make(chan struct{}, 100)
	bad := question(13, 5, nil)
	under.fail = func(q store.Query) error {
		for i := range q.Vectors.Rows {
			if q.Vectors.Row(i)[0] == bad.Vectors.Row(0)[0] {
				return errors.New("not this one")
			}
		}
		return nil
	}
	s := NewStore(under, 1)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if _, err := s.Search(t.Context(), question(uint64(i), 5, nil)); (err != nil) != (i == 13) {
				t.Errorf("question %d: %v", i, err)
			}
		})
	}
	for range 100 {
		under.hold <- struct{}{}
	}
	all.Wait()
}

func TestTexts(t *testing.T) {
	fake := cliptest.New(dim)
	e := NewEncoder(fake)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			text := fmt.Sprintf("a red car %d", i)
			got, err := e.EncodeTexts(t.Context(), []string{text})
			if err != nil {
				t.Error(err)
				return
			}
			want, err := cliptest.New(dim).EncodeTexts(t.Context(), []string{text})
			if err != nil || cmp.Diff(want.Row(0), got.Row(0)) != "" {
				t.Errorf("%q is embedded as something else (%v)", text, err)
			}
		})
	}
	all.Wait()
	if fake.Texts() != 50 {
		t.Errorf("%d texts were embedded", fake.Texts())
	}
}
