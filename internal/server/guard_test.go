package server

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	readToken  = "read-0123456789abcdef"
	writeToken = "write-0123456789abcdef"
)

// TestGuard is every rule about who may come in.
func TestGuard(t *testing.T) {
	h := newHouse(t)
	tokens := func(o *Options) {
		o.Guard.Tokens = []Token{{readToken, RoleRead}, {writeToken, RoleWrite}}
		o.Guard.Hosts = []string{"photos.example.com"}
	}
	open := h.serve(nil)
	shut := h.serve(tokens)
	watch := h.serve(func(o *Options) { o.AllowWrite = false })
	edit := TagEdit{IDs: []string{h.id("red.png")}, Add: []string{"x"}}
	search := "/search?q=red"
	tests := []struct {
		name    string
		server  *Server
		method  string
		url     string
		body    any
		headers []string
		status  int
	}{
		{"this machine", open, "GET", search, nil, nil, 200},
		{"by number", open, "GET", search, nil, []string{"Host: 127.0.0.1:8080"}, 200},
		{"by IPv6 number", open, "GET", search, nil, []string{"Host: [::1]:8080"}, 200},
		{"a name that leads here", open, "GET", search, nil, []string{"Host: evil.example.com"}, 421},
		{"one that begins like ours", open, "GET", search, nil, []string{"Host: localhost.evil.example.com:8080"}, 421},
		{"one that looks like a number", open, "GET", search, nil, []string{"Host: 127.0.0.1.nip.io"}, 421},
		{"an empty host", open, "GET", search, nil, []string{"Host: "}, 421},
		{"a name that is allowed", shut, "GET", search, nil, []string{"Host: photos.example.com", "Authorization: Bearer " + readToken}, 200},

		{"another site's form", open, "POST", "/tags", edit, []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example.com"}, 403},
		{"another port's form", open, "POST", "/tags", edit, []string{"Sec-Fetch-Site: same-site", "Origin: http://localhost:9999"}, 403},
		{"an old browser's form", open, "POST", "/tags", edit, []string{"Origin: https://evil.example.com"}, 403},
		{"a form without an origin", open, "POST", "/tags", edit, []string{"Origin: null"}, 403},
		{"another site's picture", open, "GET", "/thumbnails/" + h.id("red.png"), nil, []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: image"}, 403},
		{"another site's script", open, "GET", search, nil, []string{"Origin: https://evil.example.com"}, 403},
		{"our page", open, "POST", "/tags", edit, []string{"Sec-Fetch-Site: same-origin", "Origin: http://localhost:8080"}, 200},
		{"our page reads", open, "GET", search, nil, []string{"Sec-Fetch-Site: same-origin"}, 200},
		{"typed by hand", open, "GET", search, nil, []string{"Sec-Fetch-Site: none"}, 200},

		{"no token", shut, "GET", search, nil, nil, 401},
		{"a wrong one", shut, "GET", search, nil, []string{"Authorization: Bearer " + readToken + "x"}, 401},
		{"the start of one", shut, "GET", search, nil, []string{"Authorization: Bearer " + readToken[:8]}, 401},
		{"an empty one", shut, "GET", search, nil, []string{"Authorization: Bearer "}, 401},
		{"another scheme", shut, "GET", search, nil, []string{"Authorization: Basic " + readToken}, 401},
		{"in the URL", shut, "GET", search + "&token=" + readToken, nil, nil, 401},
		{"the right one", shut, "GET", search, nil, []string{"Authorization: Bearer " + readToken}, 200},
		{"the scheme in small letters", shut, "GET", search, nil, []string{"Authorization: bearer " + readToken}, 200},
		{"the token as a cookie", shut, "GET", search, nil, []string{"Cookie: " + cookieName + "=" + readToken}, 401},
		{"metrics without a token", shut, "GET", "../../metrics", nil, nil, 401},
		{"the document", shut, "GET", "../../openapi.json", nil, nil, 200},
		{"health", shut, "GET", "../../healthz", nil, nil, 200},

		{"reading may not write", shut, "POST", "/tags", edit, []string{"Authorization: Bearer " + readToken}, 403},
		{"reading may see what a run would do", shut, "POST", "/runs", RunRequest{DryRun: true, LabelList: LabelList{Labels: []string{"red"}}}, []string{"Authorization: Bearer " + readToken}, 200},
		{"and not run it", shut, "POST", "/runs", RunRequest{LabelList: LabelList{Labels: []string{"red"}}}, []string{"Authorization: Bearer " + readToken}, 403},
		{"writing may", shut, "POST", "/tags", edit, []string{"Authorization: Bearer " + writeToken}, 200},
		{"a server that only shows", watch, "POST", "/tags", edit, nil, 403},
		{"labels there", watch, "POST", "/labels", LabelSave{Name: "a", Like: []string{h.id("red.png")}}, nil, 403},
		{"its labels stay", watch, "DELETE", "/labels/a", nil, nil, 403},
		{"its runs too", watch, "POST", "/runs/abcd/undo", nil, nil, 403},
		{"and it runs nothing", watch, "POST", "/runs", RunRequest{LabelList: LabelList{Labels: []string{"red"}}}, nil, 403},

		{"a body that is too long", open, "POST", "/search", strings.NewReader(`{"q":"` + strings.Repeat("a", maxBody) + `"}`), []string{"Content-Type: application/json"}, 413},
		{"no file by path", open, "GET", "/images/etc/passwd", nil, nil, 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			url := Prefix + tt.url
			if rest, ok := strings.CutPrefix(tt.url, "../.."); ok {
				url = rest
			}
			w := request(t, tt.server, tt.method, url, tt.body, tt.headers...)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d: %.300s", w.Code, tt.status, w.Body)
			}
			for name, value := range securityHeaders {
				if got := w.Header().Get(name); got != value && !strings.Contains(got, "sandbox") {
					t.Errorf("%s: %q", name, got)
				}
			}
		})
	}
}

func TestSignIn(t *testing.T) {
	h := newHouse(t)
	s := h.serve(func(o *Options) {
		o.Guard.Tokens, o.Guard.Secure = []Token{{readToken, RoleRead}}, true
	})
	request(t, s, "POST", Prefix+"/session", SignIn{"wrong"})
	w := request(t, s, "POST", Prefix+"/session", SignIn{readToken})
	cookies := w.Result().Cookies()
	if w.Code != 200 || len(cookies) != 1 {
		t.Fatalf("sign in: %d %v", w.Code, cookies)
	}
	c := cookies[0]
	if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || strings.Contains(c.Value, readToken) {
		t.Errorf("cookie %+v", c)
	}
	header := "Cookie: " + c.Name + "=" + c.Value
	if got := ask[Session](t, s, "GET", Prefix+"/session", nil, 200, header); got.Role != "read" || !got.TokenRequired {
		t.Errorf("session %+v", got)
	}
	ask[SearchAnswer](t, s, "GET", Prefix+"/search?q=red", nil, 200, header)
	ask[Problem](t, s, "POST", Prefix+"/tags", TagEdit{IDs: []string{h.id("red.png")}, Add: []string{"x"}}, 403, header)
	if p := ask[Problem](t, s, "POST", Prefix+"/session", SignIn{"wrong"}, 401); p.Kind != kindUnauthorized {
		t.Errorf("a wrong token: %+v", p)
	}
	if out := request(t, s, "DELETE", Prefix+"/session", nil, header); out.Result().Cookies()[0].MaxAge >= 0 {
		t.Errorf("sign out: %v", out.Result().Cookies())
	}
}

func TestShortTokensAreRefused(t *testing.T) {
	if _, err := New(Options{Opener: newHouse(t), Guard: GuardOptions{Tokens: []Token{{"short", RoleRead}}}}); err == nil {
		t.Error("a token of five characters was taken")
	}
}

// TestFilesAreCheckedWhenTheyAreOpened puts other things in the place of pictures.
func TestFilesAreCheckedWhenTheyAreOpened(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("a secret of this machine"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change func(h *house) error
		status int
	}{
		{"nothing", func(*house) error { return nil }, 200},
		{"a link to a file outside", func(h *house) error {
			return replace(h.path("red.png"), func() error { return os.Symlink(secret, h.path("red.png")) })
		}, 403},
		{"a link inside", func(h *house) error {
			return replace(h.path("red.png"), func() error { return os.Symlink("half.png", h.path("red.png")) })
		}, 403},
		{"a link inside to the same content", func(h *house) error {
			return replace(h.path("red.png"), func() error { return os.Symlink("sub/deep/copy of red.png", h.path("red.png")) })
		}, 200},
		{"a picture that was edited", func(h *house) error {
			h.write("red.png", paint(t, 41, 30, red))
			return nil
		}, 200},
		{"a link outside to the same content", func(h *house) error {
			moved := filepath.Join(filepath.Dir(h.photos), "moved.png")
			if err := os.Rename(h.path("red.png"), moved); err != nil {
				return err
			}
			return os.Symlink(moved, h.path("red.png"))
		}, 200},
		{"nothing any more", func(h *house) error { return os.Remove(h.path("red.png")) }, 404},
		{"a folder", func(h *house) error {
			return replace(h.path("red.png"), func() error { return os.Mkdir(h.path("red.png"), 0o755) })
		}, 404},
		{"a pipe", func(h *house) error {
			return replace(h.path("red.png"), func() error { return mkfifo(h.path("red.png")) })
		}, 404},
		{"a link to itself", func(h *house) error {
			return replace(h.path("red.png"), func() error { return os.Symlink("red.png", h.path("red.png")) })
		}, 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			s := h.serve(nil)
			if err := tt.change(h); err != nil {
				t.Skip(err)
			}
			for _, url := range []string{"/images/" + h.id("red.png") + "/file", "/images/" + h.id("red.png") + "/file?original=true", "/thumbnails/" + h.id("red.png")} {
				w := request(t, s, "GET", Prefix+url, nil)
				if w.Code != tt.status {
					t.Errorf("%s: status %d, want %d: %.200s", url, w.Code, tt.status, w.Body)
				}
				if strings.Contains(w.Body.String(), "a secret of this machine") {
					t.Errorf("%s: the secret is out", url)
				}
			}
		})
	}
}

// replace puts something in the place of a file.
func replace(path string, with func() error) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	return with()
}

// TestNotReadyTellsStrangersNoPath asks whether a server without an index is ready, with and
// without a token: its error names a folder.
func TestNotReadyTellsStrangersNoPath(t *testing.T) {
	h := newHouse(t)
	if err := removeAll(h.db); err != nil {
		t.Fatal(err)
	}
	s := h.serve(func(o *Options) { o.Guard.Tokens = []Token{{readToken, RoleRead}} })
	if p := ask[Problem](t, s, "GET", "/readyz", nil, 503); strings.Contains(p.Detail, "/") || p.Hint == "" {
		t.Errorf("a stranger: %+v", p)
	}
	if p := ask[Problem](t, s, "GET", "/readyz", nil, 503, "Authorization: Bearer "+readToken); !strings.Contains(p.Detail, h.db) {
		t.Errorf("who has a token: %+v", p)
	}
}

// TestTooManyRequests fills the places and asks once more.
func TestTooManyRequests(t *testing.T) {
	h := newHouse(t)
	s := h.serve(func(o *Options) { o.Concurrent = 1 })
	s.gate.places <- struct{}{}
	start := time.Now()
	w := request(t, s, "GET", Prefix+"/search?q=red", nil)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("status %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	if time.Since(start) < patience/2 {
		t.Error("it did not wait for a place")
	}
	if w := request(t, s, "GET", "/healthz", nil); w.Code != 200 {
		t.Errorf("health: %d", w.Code)
	}
	if w := request(t, s, "GET", sessionPath, nil); w.Code != 200 {
		t.Errorf("what strangers may ask takes a place: %d", w.Code)
	}
	<-s.gate.places
	if w := request(t, s, "GET", Prefix+"/search?q=red", nil); w.Code != 200 {
		t.Errorf("afterwards: %d", w.Code)
	}
}
