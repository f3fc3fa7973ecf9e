package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store/local"
)

// TestDroppedCollection: from the moment that a collection is dropped, the server answers
// with what it still has, or says that there is no index: never that it failed itself.
func TestDroppedCollection(t *testing.T) {
	h := newHouse(t)
	h.many(3000)
	s := h.serve(nil)
	id := h.id("red.png")
	urls := []string{"/search?q=red", "/search?q=a+new+text&exact=true", "/search?limit=1000", "/images/" + id, "/thumbnails/" + id, "/tags", "/folders", "/timeline", "/runs", "/labels", "/corrections", "/duplicates", "/failures", "/status"}
	for _, u := range urls {
		if w := request(t, s, "GET", Prefix+u, nil); w.Code != 200 {
			t.Fatalf("%s: %d %s", u, w.Code, w.Body)
		}
	}
	if err := local.OpenCollections(h.db, slog.New(slog.DiscardHandler)).DropCollection(context.Background(), "c"); err != nil {
		t.Fatal(err)
	}
	gone := 0
	for deadline := time.Now().Add(time.Minute); gone < len(urls); {
		gone = 0
		for _, u := range urls {
			w := request(t, s, "GET", Prefix+u, nil)
			switch w.Code {
			case 200:
			case 404, 503:
				var p Problem
				if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Kind == "" || p.Hint == "" {
					t.Fatalf("%s: %s (%v)", u, w.Body, err)
				}
				gone++
			default:
				t.Fatalf("%s: %d %s", u, w.Code, w.Body)
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d routes have noticed", gone, len(urls))
		}
	}
	if p := ask[Problem](t, s, "POST", Prefix+"/tags", TagEdit{IDs: []string{id}, Add: []string{"x"}}, 503); p.Hint == "" {
		t.Errorf("tagging: %+v", p)
	}
	// A new one is noticed.
	h.index()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		w := request(t, s, "GET", Prefix+"/search?q=red", nil)
		if w.Code == 200 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the new index is not noticed: %s", w.Body)
		}
	}
}
