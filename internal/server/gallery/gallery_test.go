package gallery

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

// get asks the handler for a path.
func get(t *testing.T, target string, headers ...string) *http.Response {
	t.Helper()
	h, err := Handler()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestHandler(t *testing.T) {
	index := get(t, "/")
	if index.StatusCode != http.StatusOK || index.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("the page: %s, %q", index.Status, index.Header.Get("Content-Type"))
	}
	if got := index.Header.Get("Content-Security-Policy"); got != Policy {
		t.Errorf("the policy is %q", got)
	}
	page := body(t, index)
	packed := get(t, "/", "Accept-Encoding", "br, gzip;q=0.8")
	if packed.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("the encoding is %q", packed.Header.Get("Content-Encoding"))
	}
	if packed.Header.Get("ETag") == index.Header.Get("ETag") {
		t.Error("both encodings have one tag")
	}
	z, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	if unpacked, err := io.ReadAll(z); err != nil || !bytes.Equal(unpacked, page) {
		t.Errorf("what is packed is another page (%v)", err)
	}
	if got := get(t, "/", "Accept-Encoding", "gzip;q=0").Header.Get("Content-Encoding"); got != "" {
		t.Errorf("who refuses gzip gets %q", got)
	}
	if got := get(t, "/", "If-None-Match", `"other", W/`+index.Header.Get("ETag")).StatusCode; got != http.StatusNotModified {
		t.Errorf("what is known already: %d", got)
	}
	if got := get(t, "/main.js").Header.Get("Content-Type"); got != "text/javascript; charset=utf-8" {
		t.Errorf("scripts are %q", got)
	}
	for _, missing := range []string{"/nothing.js", "/assets/main.js", "/..%2fgallery.go", "/main.js/"} {
		if got := get(t, missing).StatusCode; got != http.StatusNotFound {
			t.Errorf("%s: %d", missing, got)
		}
	}
	h, err := Handler()
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d", w.Code)
	}
}

// sources reads the assets.
func sources(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(embedded, "assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := embedded.ReadFile(name)
		all[path.Base(name)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var (
	imported = regexp.MustCompile(`(?:from|import\()\s*'\./([\w.]+)'`)
	linked   = regexp.MustCompile(`(?:href|src)="([\w.]+)"`)
	symbol   = regexp.MustCompile(`(?:icon: '|icon\('|#i-)([a-z]+)['"]`)
	other    = regexp.MustCompile(`(?:https?:)?//[a-z0-9][\w.-]+\.[a-z]{2,}`)
	inline   = regexp.MustCompile(`<script(?:\s[^>]*)?>[^<]|<style|\sstyle=|\son[a-z]+="|javascript:`)
	unsafe   = regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\('style'`)
)

// TestAssets: all parts are there, nothing comes from elsewhere, nothing is inline, and no
// string becomes markup or code.
func TestAssets(t *testing.T) {
	all := sources(t)
	page := all["index.html"]
	used := map[string]bool{"index.html": true}
	for name, text := range all {
		for _, m := range imported.FindAllStringSubmatch(text, -1) {
			if used[m[1]] = true; all[m[1]] == "" {
				t.Errorf("%s imports %s, which is not there", name, m[1])
			}
		}
		for _, m := range symbol.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(page, `id="i-`+m[1]+`"`) {
				t.Errorf("%s shows the symbol %s, which is not there", name, m[1])
			}
		}
		for _, m := range other.FindAllString(text, -1) {
			if !strings.HasPrefix(m, "http://www.w3.org") {
				t.Errorf("%s names another host: %s", name, m)
			}
		}
		if m := unsafe.FindString(text); m != "" {
			t.Errorf("%s has %s", name, m)
		}
	}
	if m := inline.FindString(page); m != "" {
		t.Errorf("the page has inline code or styles: %s", m)
	}
	for _, m := range linked.FindAllStringSubmatch(page, -1) {
		if used[m[1]] = true; all[m[1]] == "" {
			t.Errorf("the page names %s, which is not there", m[1])
		}
	}
	for name := range all {
		if !used[name] {
			t.Errorf("nothing uses %s", name)
		}
	}
}
