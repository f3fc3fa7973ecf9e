package milvus_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

// cutter is a proxy before a server whose connections end after so many bytes.
type cutter struct {
	net.Listener
	server string
	bytes  atomic.Int64 // that a connection lives; 0 for no end
	cuts   atomic.Int64
	mu     sync.Mutex
	random *rand.Rand
}

func newCutter(t *testing.T, server string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{Listener: l, server: server, random: rand.New(rand.NewPCG(3, 4))}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go c.pass(conn)
		}
	}()
	return c
}

// life is how many bytes a connection lives from now on.
func (c *cutter) life(most int64) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return 20_000 + c.random.Int64N(most)
}

func (c *cutter) pass(conn net.Conn) {
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		conn.Close()
		return
	}
	var passed, limit atomic.Int64 // of both ways
	spent := func(n int) bool {
		most := c.bytes.Load()
		if most == 0 {
			return false
		}
		limit.CompareAndSwap(0, passed.Load()+c.life(most))
		return passed.Add(int64(n)) > limit.Load()
	}
	var once sync.Once
	end := func() {
		conn.Close()
		server.Close()
	}
	for _, way := range [][2]net.Conn{{conn, server}, {server, conn}} {
		go func() {
			defer end()
			buf := make([]byte, 8<<10)
			for {
				n, err := way[0].Read(buf)
				if n > 0 && spent(n) {
					once.Do(func() { c.cuts.Add(1) })
					return
				}
				if n > 0 {
					if _, err := way[1].Write(buf[:n]); err != nil {
						return
					}
				}
				if err != nil {
					return
				}
			}
		}()
	}
}

// Connections that end before a message of the full size has passed: it is made smaller
// until it does, and larger again when they live longer. Nothing is lost or comes twice.
func TestMessagesShrinkAndGrow(t *testing.T) {
	t.Parallel()
	fake := milvustest.Start(t)
	c := newCutter(t, fake.Address)
	o := options(fake)
	o.Address, o.Model = c.Addr().String(), wideModel
	o.RetryFor, o.CallTimeout = time.Minute, 10*time.Second
	s := open(t, o)
	all := wideRecords(6000) // some 5 MB
	c.bytes.Store(600_000)   // a message of all has no chance
	start := time.Now()
	upsert(t, s, all...)
	t.Logf("%d cuts while %d records were written in %s", c.cuts.Load(), len(all), time.Since(start))
	if c.cuts.Load() == 0 || fake.Rows(physical) != len(all) {
		t.Errorf("%d cuts, %d of %d rows", c.cuts.Load(), fake.Rows(physical), len(all))
	}
	n := 0
	for r, err := range s.Scan(t.Context(), nil, store.Fields{Vectors: true}) { // answers are cut, too
		if err != nil {
			t.Fatal(err)
		}
		if n++; len(r.Vector) != wideDim {
			t.Fatalf("record %s has %d values", r.ID, len(r.Vector))
		}
	}
	if n != len(all) {
		t.Errorf("a scan gives %d of %d", n, len(all))
	}
	tags := make(map[string][]store.Tag)
	for i := range all {
		tags[all[i].ID] = []store.Tag{{Label: fmt.Sprint("tag ", i%5)}}
	}
	if err := s.SetTags(t.Context(), "run:1", tags); err != nil {
		t.Fatal(err)
	}
	c.bytes.Store(0)
	before := fake.Calls("Upsert")
	upsert(t, s, all...)
	upsert(t, s, all...)
	if n := fake.Calls("Upsert") - before; n > 12 {
		t.Errorf("with lasting connections %d messages were sent", n)
	}
}

// Two hundred cuts at random moments of writing, tagging, scanning and looking up.
func TestTwoHundredCuts(t *testing.T) {
	t.Parallel()
	fake := milvustest.Start(t)
	c := newCutter(t, fake.Address)
	o := options(fake)
	o.Address, o.Model = c.Addr().String(), wideModel
	o.RetryFor, o.CallTimeout = time.Minute, 10*time.Second
	s := open(t, o)
	twoHundredCuts(t, s, c, 200)
	if n := fake.Rows(physical); n != 3000 {
		t.Errorf("%d rows", n)
	}
}

func twoHundredCuts(t *testing.T, s *milvus.Store, c *cutter, cuts int64) {
	t.Helper()
	all := wideRecords(3000)
	c.bytes.Store(400_000)
	for round := 0; c.cuts.Load() < cuts; round++ {
		for from := 0; from < len(all); from += 1000 {
			upsert(t, s, all[from:from+1000]...)
		}
		if got, err := s.Get(t.Context(), []string{all[7].ID, all[2999].ID}); err != nil || len(got) != 2 {
			t.Fatalf("Get = %d, %v", len(got), err)
		}
		tags := make(map[string][]store.Tag)
		for i := range 1000 {
			tags[all[i].ID] = []store.Tag{{Label: fmt.Sprint("round ", round)}}
		}
		if err := s.SetTags(t.Context(), "run:1", tags); err != nil {
			t.Fatal(err)
		}
		for i := range 1000 {
			all[i].Tags = []store.Tag{{Label: fmt.Sprint("round ", round), Source: "run:1"}}
		}
		seen := make(map[string]bool)
		for r, err := range s.Scan(t.Context(), nil, store.Fields{Vectors: true}) {
			if err != nil {
				t.Fatal(err)
			}
			if seen[r.ID] {
				t.Fatalf("record %s came twice", r.ID)
			}
			seen[r.ID] = true
		}
		if len(seen) != len(all) {
			t.Fatalf("after %d cuts a scan gives %d of %d", c.cuts.Load(), len(seen), len(all))
		}
	}
	t.Logf("%d cuts", c.cuts.Load())
}

// The same before a real server.
func TestTwoHundredCutsOnStandalone(t *testing.T) {
	t.Parallel()
	address := standalone.address(t)
	c := newCutter(t, address)
	s := open(t, milvus.Options{
		Address: c.Addr().String(), Collection: uniqueName(t, address) + "cuts", Mode: store.Create, Model: wideModel, Consistency: "strong",
		RetryFor: 2 * time.Minute, CallTimeout: time.Minute,
	})
	twoHundredCuts(t, s, c, manyCuts())
}
