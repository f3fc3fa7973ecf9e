package server

import (
	"strings"
	"testing"
)

// TestUnknownParameters: a parameter that an operation does not know is refused by name, and
// with what was probably meant.
func TestUnknownParameters(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	id := h.id("red.png")
	for _, tt := range []struct{ method, url, location, says string }{
		{"GET", "/search?q=red&limt=3", "query.limt", "did you mean limit?"},
		{"GET", "/search?Q=red", "query.Q", "did you mean q?"},
		{"GET", "/search?q=red&zzz=1", "query.zzz", "no such parameter"},
		{"GET", "/similar?likes=" + id, "query.likes", "did you mean like?"},
		{"GET", "/thumbnails/" + id + "?sise=256", "query.sise", "did you mean size?"},
		{"GET", "/images/" + id + "/file?orignal=true", "query.orignal", "did you mean original?"},
		{"GET", "/tags?prefx=r", "query.prefx", "did you mean prefix?"},
		{"GET", "/status?verbose=1", "query.verbose", "no such parameter"},
		{"POST", "/search?q=red", "query.q", "no such parameter"},
		{"DELETE", "/labels/x?force=1", "query.force", "no such parameter"},
	} {
		var body any
		if tt.method == "POST" {
			body = SearchRequest{Q: "red"}
		}
		p := ask[Problem](t, s, tt.method, Prefix+tt.url, body, 422)
		if p.Kind != "usage" || p.Hint == "" || len(p.Errors) != 1 || p.Errors[0].Location != tt.location || !strings.Contains(p.Errors[0].Message, tt.says) || !strings.Contains(p.Detail, tt.says) {
			t.Errorf("%s %s: %+v", tt.method, tt.url, p)
		}
	}
	// All of them are named, and those that are known are listed.
	p := ask[Problem](t, s, "GET", Prefix+"/timeline?b=1&a=2&a=3", nil, 422)
	if len(p.Errors) != 2 || p.Errors[0].Location != "query.a" || p.Hint != "the parameters are q" {
		t.Errorf("two at once: %+v", p)
	}
	if p := ask[Problem](t, s, "GET", Prefix+"/search?q=100%", nil, 400); p.Hint == "" {
		t.Errorf("a sign that is none: %+v", p)
	}
	ask[SearchAnswer](t, s, "GET", Prefix+"/search?q=red&limit=2&explain=true&unfold=true&file_dates=false&exact=true&cutoff=none&literal=false", nil, 200)
	ask[SearchAnswer](t, s, "GET", Prefix+"/similar?like="+id+"&like="+h.id("half.png")+"&limit=1", nil, 200)
}
