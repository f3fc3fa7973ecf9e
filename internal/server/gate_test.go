package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// slowly begins requests whose bodies never come.
func slowly(t *testing.T, address, path string, length, n int) []net.Conn {
	t.Helper()
	var conns []net.Conn
	for range n {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		fmt.Fprintf(c, "POST %s%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{", Prefix, path, length)
		conns = append(conns, c)
	}
	return conns
}

// TestSlowBodies: those who send their requests slowly keep nobody else out.
func TestSlowBodies(t *testing.T) {
	h := newHouse(t)
	s := h.serve(func(o *Options) { o.Concurrent, o.slowestBody = 2, time.Hour })
	web := httptest.NewServer(s)
	defer web.Close()
	defer web.CloseClientConnections()
	address := strings.TrimPrefix(web.URL, "http://")
	slowly(t, address, "/tags", 100, 7)           // of eight that may be read at once
	slowly(t, address, "/search/image", 5<<20, 3) // more than there are places for
	for range 20 {
		ask[SearchAnswer](t, s, "GET", Prefix+"/search?q=red", nil, 200)
		ask[SearchAnswer](t, s, "POST", Prefix+"/search", SearchRequest{Q: "red"}, 200)
	}
}

// TestBodiesComeInTime: one that does not is given up.
func TestBodiesComeInTime(t *testing.T) {
	h := newHouse(t)
	s := h.serve(func(o *Options) { o.slowestBody = 20 * time.Millisecond })
	web := httptest.NewServer(s)
	defer web.Close()
	c := slowly(t, strings.TrimPrefix(web.URL, "http://"), "/tags", 100, 1)[0]
	c.SetReadDeadline(time.Now().Add(time.Minute))
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusRequestTimeout || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("status %s, %s", r.Status, r.Header.Get("Content-Type"))
	}
	// A body in pieces is whole all the same.
	body := &pieces{text: `{"q":"red"}`}
	if w := request(t, s, "POST", Prefix+"/search", body, "Content-Type: application/json"); w.Code != 200 {
		t.Errorf("a body in pieces: %d %s", w.Code, w.Body)
	}
	large := `{"q":"red","pad":"` + strings.Repeat("x", smallBody) + `"}`
	if w := request(t, s, "POST", Prefix+"/search", &pieces{text: large}, "Content-Type: application/json"); w.Code == 200 || w.Code >= 500 {
		t.Errorf("a large body with a field that is not known: %d %.200s", w.Code, w.Body)
	}
}

// pieces is a body that comes a little at a time.
type pieces struct{ text string }

func (p *pieces) Read(b []byte) (int, error) {
	if p.text == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), 1000)], p.text)
	p.text = p.text[n:]
	return n, nil
}
