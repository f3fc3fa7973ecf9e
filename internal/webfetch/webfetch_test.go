package webfetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"93.184.216.34": true, "1.1.1.1": true, "2606:4700::1111": true, "64:ff9b::101:101": true,
		"127.0.0.1": false, "127.8.8.8": false, "10.1.2.3": false, "172.16.0.1": false, "172.32.0.1": true, "192.168.1.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "0.1.2.3": false, "255.255.255.255": false, "224.0.0.1": false,
		"198.18.0.1": false, "192.0.2.1": false, "240.0.0.1": false,
		"::1": false, "::": false, "fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "fd12::1": false, "ff02::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:1.1.1.1": true, "64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false,
		"2002:7f00:1::": false, "2002:101:101::": true, "::7f00:1": false, "2001:db8::1": false, "fec0::1": false, "2001::1": false,
	} {
		if got := Public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}

func anywhere(netip.AddrPort) bool { return true }

func TestGet(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/a.png", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		fmt.Fprint(w, "picture")
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/a.png", http.StatusFound) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	})
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 2000)) })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := fmt.Fprint(w, strings.Repeat("x", 2000)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(5 * time.Second):
		}
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	c := New(Options{MaxBytes: 1000, Timeout: 2 * time.Second, Allowed: anywhere})
	for _, path := range []string{"/a.png", "/moved"} {
		f, err := c.Get(t.Context(), s.URL+path)
		if err != nil || string(f.Data) != "picture" || f.URL != s.URL+"/a.png" || f.Type != "image/png" {
			t.Errorf("%s: %+v, %v", path, f, err)
		}
	}
	for path, want := range map[string]error{
		"/none": ErrBadAnswer, "/loop": ErrNoAnswer, "/file": ErrAddress, "/big": ErrTooLarge, "/endless": ErrTooLarge,
	} {
		if _, err := c.Get(t.Context(), s.URL+path); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	short := New(Options{Timeout: 50 * time.Millisecond, Allowed: anywhere})
	if _, err := short.Get(t.Context(), s.URL+"/slow"); !errors.Is(err, ErrNoAnswer) {
		t.Errorf("slow: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Get(ctx, s.URL+"/a.png"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Neither by its name, nor by a number in another notation, nor by a redirect does one
// reach this machine.
func TestNotPublic(t *testing.T) {
	asked := 0
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer inside.Close()
	port := netip.MustParseAddrPort(strings.TrimPrefix(inside.URL, "http://")).Port()
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inside.URL, http.StatusFound)
	}))
	defer outside.Close()
	entrance := netip.MustParseAddrPort(strings.TrimPrefix(outside.URL, "http://"))
	// As if the one server were on the internet, and the other not.
	c := New(Options{Timeout: 2 * time.Second, Allowed: func(a netip.AddrPort) bool { return a == entrance || Public(a.Addr()) }})
	for _, address := range []string{
		inside.URL, fmt.Sprintf("http://localhost:%d/", port), fmt.Sprintf("http://[::ffff:127.0.0.1]:%d/", port), outside.URL,
	} {
		if _, err := c.Get(t.Context(), address); !errors.Is(err, ErrNotPublic) {
			t.Errorf("%s: %v, want ErrNotPublic", address, err)
		}
	}
	if asked > 0 {
		t.Errorf("the server inside was asked %d times", asked)
	}
	for _, address := range []string{"ftp://example.com/a", "http://", "https://user:password@example.com/", "http://exa mple", "::", "file:///etc/passwd"} {
		_, err := c.Get(t.Context(), address)
		if !errors.Is(err, ErrAddress) || strings.Contains(err.Error(), "password@") {
			t.Errorf("%q: %v, want ErrAddress", address, err)
		}
	}
}

func TestIs(t *testing.T) {
	for text, want := range map[string]bool{
		"https://a/b.jpg": true, "HTTP://a": true, "https://a b": false, "dog": false, "ftp://a": false, "a https://b": false,
	} {
		if Is(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
