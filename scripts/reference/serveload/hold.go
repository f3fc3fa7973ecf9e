package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// holdClients ask at once.
const holdClients = 8

// bounds say how long hold goes on: until either is reached. 0 is none.
type bounds struct {
	requests int
	time     time.Duration
	rate     int // at most so many requests a second
}

// reached reports whether so many tenths are done.
func (b bounds) reached(tenths int, sent int64, since time.Duration) bool {
	return b.requests > 0 && sent >= int64(b.requests*tenths/10) || b.time > 0 && since >= b.time*time.Duration(tenths)/10
}

// hold asks until a bound is reached, and says after each tenth of it what the server holds.
// A busy server may refuse: that is counted.
func hold(address string, b bounds, pid int) error {
	sent := &counted{RoundTripper: &http.Transport{MaxIdleConnsPerHost: holdClients}}
	if b.rate > 0 {
		tick := time.NewTicker(time.Second / time.Duration(b.rate))
		defer tick.Stop()
		sent.pace = tick.C
	}
	c := &http.Client{Transport: sent, Timeout: 5 * time.Minute}
	start := time.Now()
	for tenth := range 10 {
		errs := make([]error, holdClients)
		var all sync.WaitGroup
		for i := range holdClients {
			all.Go(func() {
				r := rand.New(rand.NewPCG(uint64(i), uint64(tenth)))
				for !b.reached(tenth+1, sent.n.Load(), time.Since(start)) && errs[i] == nil {
					errs[i] = browse(c, address, r)
				}
			})
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		fmt.Printf("%6.0f s %7d requests, %d refused: memory %.0f MB, heap %.0f MB, descriptors %.0f, goroutines %.0f, mappings %d\n",
			time.Since(start).Seconds(), sent.n.Load(), sent.refused.Load(),
			metric(c, address, "process_resident_memory_bytes")/1e6, metric(c, address, "go_memstats_heap_inuse_bytes")/1e6,
			metric(c, address, "process_open_fds"), metric(c, address, "go_goroutines"), mappings(pid))
	}
	return nil
}

// counted counts the requests that are sent, and waits for pace before each where there is
// one. What a busy server refuses, or does not answer in time, is asked again.
type counted struct {
	http.RoundTripper
	n, refused atomic.Int64
	pace       <-chan time.Time
}

// RoundTrip implements http.RoundTripper.
func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	for {
		if c.pace != nil {
			select {
			case <-c.pace:
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}
		c.n.Add(1)
		res, err := c.RoundTripper.RoundTrip(r)
		if err != nil || res.StatusCode != http.StatusServiceUnavailable && res.StatusCode != http.StatusGatewayTimeout {
			return res, err
		}
		c.refused.Add(1)
		res.Body.Close()
		select {
		case <-time.After(time.Second):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

// browse asks for one of the things that a page asks for.
func browse(c *http.Client, address string, r *rand.Rand) error {
	api := address + "/api/v1/"
	q := url.QueryEscape(colours[r.IntN(len(colours))] + " " + things[r.IntN(len(things))] + " at " + places[r.IntN(len(places))])
	switch r.IntN(10) {
	case 0: // three pages
		next := ""
		for range 3 {
			var page struct{ Next string }
			if err := decode(c, api+"search?limit=60&q="+q+"&cursor="+url.QueryEscape(next), &page); err != nil || page.Next == "" {
				return err
			}
			next = page.Next
		}
		return nil
	case 1:
		return ask(c, api+"search?limit=60&q="+url.QueryEscape(fmt.Sprintf("after:%d width>=1000", 1970+r.IntN(3))))
	case 2: // one picture, and what is like it
		var page struct{ Hits []struct{ ID string } }
		if err := decode(c, api+"search?limit=1&q="+q, &page); err != nil || len(page.Hits) == 0 {
			return err
		}
		return errors.Join(ask(c, api+"images/"+page.Hits[0].ID), ask(c, api+"similar?limit=60&like="+page.Hits[0].ID))
	case 3:
		return errors.Join(ask(c, api+"tags?prefix=a"), ask(c, api+"folders?limit=10"), ask(c, api+"status"))
	case 4: // mistakes are answered too
		for _, wrong := range []string{"search?q=has:nothing", "search?limt=1", "images/" + fmt.Sprintf("%040d", r.IntN(1000))} {
			if err := ask(c, api+wrong); err == nil {
				return fmt.Errorf("%s was answered", wrong)
			}
		}
		return nil
	}
	return ask(c, api+"search?limit=60&explain=true&q="+q)
}

func decode(c *http.Client, address string, v any) error {
	res, err := c.Get(address)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: the server says %s", address, res.Status)
	}
	return errors.Join(err, json.Unmarshal(data, v))
}

// mappings is how many pieces of memory a process has mapped; -1 where that is not known.
func mappings(pid int) int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return -1
	}
	return bytes.Count(data, []byte("\n"))
}
