package server

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"
)

// TestNothingIsLeft asks many things over real connections, some of which are broken off,
// and looks for goroutines and memory that stay.
func TestNothingIsLeft(t *testing.T) {
	h := newHouse(t)
	h.many(200)
	s := h.serve(nil)
	front := httptest.NewServer(s)
	defer front.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	urls := []string{
		"/search?q=red&limit=20", "/search?limit=50", "/search?q=%22open", "/similar?like=" + h.id("red.png"), "/thumbnails/" + h.id("half.png"),
		"/images/" + h.id("red.png") + "/file", "/tags", "/status", "/images/nothing", "/search?q=red&cursor=bad",
	}
	round := func(n int) {
		var all sync.WaitGroup
		for worker := range 8 {
			all.Go(func() {
				for i := range n {
					res, err := client.Get(front.URL + Prefix + urls[(worker+i)%len(urls)])
					if err != nil {
						t.Error(err)
						return
					}
					if res.StatusCode >= 500 {
						t.Errorf("%s: %s", urls[(worker+i)%len(urls)], res.Status)
					}
					res.Body.Close() // most of it unread
				}
			})
		}
		all.Wait()
		client.CloseIdleConnections()
	}
	round(30) // opens the index, fills the caches
	before, heap := settled()
	round(60)
	after, grown := settled()
	if after > before+5 {
		t.Errorf("%d goroutines, %d before", after, before)
	}
	if grown > heap+8<<20 {
		t.Errorf("%d bytes of memory, %d before", grown, heap)
	}
}

// settled counts goroutines and memory in use once both have come to rest.
func settled() (goroutines int, heap uint64) {
	var m runtime.MemStats
	for range 50 {
		runtime.GC()
		runtime.ReadMemStats(&m)
		if n := runtime.NumGoroutine(); n == goroutines {
			break
		} else {
			goroutines = n
		}
		time.Sleep(100 * time.Millisecond)
	}
	return goroutines, m.HeapAlloc
}
