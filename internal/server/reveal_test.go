package server

import (
	"errors"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// TestReveal: folders are opened for browsers on this machine alone, where that was allowed.
func TestReveal(t *testing.T) {
	h := newHouse(t)
	var shown []string
	fail := false
	s := h.serve(func(o *Options) {
		o.AllowWrite = false
		o.Reveal = func(path string) error {
			shown = append(shown, path)
			if fail {
				return errors.New("no desktop")
			}
			return nil
		}
	})
	reveal := func(remote, host string, headers ...string) int {
		t.Helper()
		r := httptest.NewRequest("POST", "http://"+host+Prefix+"/images/"+h.id("sub/blue.png")+"/reveal", nil)
		r.RemoteAddr = remote
		for _, line := range headers {
			name, value, _ := strings.Cut(line, ": ")
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	for _, tt := range []struct {
		remote, host, header string
		status               int
	}{
		{"127.0.0.1:5000", "localhost:8080", "", 204},
		{"127.0.0.1:5000", "127.0.0.1:8080", "Sec-Fetch-Site: same-origin", 204},
		{"[::1]:5000", "[::1]:8080", "", 204},
		{"192.0.2.1:5000", "localhost:8080", "", 403},
		{"127.0.0.1:5000", "192.0.2.7:8080", "", 403},
		{"127.0.0.1:5000", "localhost:8080", "X-Forwarded-For: 192.0.2.1", 403},
		{"127.0.0.1:5000", "localhost:8080", "Forwarded: for=192.0.2.1", 403},
		{"127.0.0.1:5000", "localhost:8080", "Sec-Fetch-Site: cross-site", 403},
		{"@", "localhost:8080", "", 403},
	} {
		if got := reveal(tt.remote, tt.host, tt.header); got != tt.status {
			t.Errorf("%+v: status %d", tt, got)
		}
	}
	if len(shown) != 3 || shown[0] != h.path("sub/blue.png") {
		t.Errorf("shown %q", shown)
	}
	fail = true
	if got := reveal("127.0.0.1:5000", "localhost:8080"); got != 503 {
		t.Errorf("without a desktop: status %d", got)
	}
	if err := os.Remove(h.path("sub/blue.png")); err != nil {
		t.Fatal(err)
	}
	if got := reveal("127.0.0.1:5000", "localhost:8080"); got != 404 {
		t.Errorf("a file that is gone: status %d", got)
	}
	without := h.serve(nil)
	if p := ask[Problem](t, without, "POST", Prefix+"/images/"+h.id("red.png")+"/reveal", nil, 403); !strings.Contains(p.Hint, "--allow-reveal") {
		t.Errorf("without the flag: %+v", p)
	}
	if ask[Status](t, without, "GET", Prefix+"/status", nil, 200).Reveal {
		t.Error("the status offers it")
	}
}

// TestSidecars: the tags of a run go into XMP files and come out again.
func TestSidecars(t *testing.T) {
	h := newHouse(t)
	s := h.serve(nil)
	follow := func(id string) Progress {
		t.Helper()
		request(t, s, "GET", Prefix+"/runs/"+id+"/events", nil) // ends with the job
		return s.jobs.find(id).now()
	}
	run := ask[RunAnswer](t, s, "POST", Prefix+"/runs", RunRequest{LabelList: LabelList{Labels: []string{"red", "green"}}}, 200)
	follow(run.ID)
	if err := os.Remove(h.path("sub/green.png")); err != nil {
		t.Fatal(err)
	}
	if err := replace(h.path("sub/deep/copy of red.png"), func() error {
		return os.Symlink("../blue.png", h.path("sub/deep/copy of red.png"))
	}); err != nil {
		t.Fatal(err)
	}
	ask[Progress](t, s, "POST", Prefix+"/runs/"+run.ID+"/xmp", nil, 202)
	p := follow(run.ID)
	if p.Kind != "xmp" || p.State != stateFinished || p.Failed != 2 || len(p.Failures) != 2 || p.Done == 0 {
		t.Errorf("writing sidecars: %+v", p)
	}
	data, err := os.ReadFile(h.path("red.png.xmp"))
	if err != nil || !strings.Contains(string(data), "<rdf:li>red</rdf:li>") {
		t.Errorf("the sidecar: %s (%v)", data, err)
	}
	for _, name := range []string{"sub/blue.png.xmp", "sub/deep/copy of red.png.xmp"} {
		if _, err := os.Stat(h.path(name)); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	ask[Progress](t, s, "POST", Prefix+"/runs/"+run.ID+"/undo", nil, 202)
	if p := follow(run.ID); p.Kind != "undo" || p.State != stateFinished {
		t.Errorf("undo: %+v", p)
	}
	if _, err := os.Stat(h.path("red.png.xmp")); err == nil {
		t.Error("undo has left the sidecar")
	}
	ask[Problem](t, s, "POST", Prefix+"/runs/nothing/xmp", nil, 404)
	locked := h.serve(func(o *Options) { o.AllowWrite = false })
	ask[Problem](t, locked, "POST", Prefix+"/runs/"+run.ID+"/xmp", nil, 403)
}
