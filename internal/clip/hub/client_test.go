package hub

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestOptionsFromEnv(t *testing.T) {
	env := map[string]string{"HF_ENDPOINT": " https://mirror.example/hf/ ", "HF_TOKEN": testToken + "\n", "HF_HUB_OFFLINE": "1"}
	o := OptionsFromEnv(func(k string) string { return env[k] })
	if o.Endpoint != "https://mirror.example/hf/" || o.Token != testToken || !o.Offline {
		t.Errorf("got endpoint %q, token of %d bytes, offline %v", o.Endpoint, len(o.Token), o.Offline)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if c.endpoint.String() != "https://mirror.example/hf" || c.Host() != "mirror.example" {
		t.Errorf("endpoint %s, host %s", c.endpoint, c.Host())
	}
	c, err = New(OptionsFromEnv(func(string) string { return "" }))
	if err != nil {
		t.Fatal(err)
	}
	if c.endpoint.String() != DefaultEndpoint || c.offline {
		t.Errorf("without an environment: %s, offline %v", c.endpoint, c.offline)
	}
	for value, want := range map[string]bool{"": false, "0": false, "False": false, "off": false, "NO": false, "1": true, "ON": true, "yes": true, "true ": true} {
		o := OptionsFromEnv(func(k string) string { return map[string]string{"HF_HUB_OFFLINE": value}[k] })
		if o.Offline != want {
			t.Errorf("HF_HUB_OFFLINE=%q: offline %v", value, o.Offline)
		}
	}
	for _, bad := range []string{"huggingface.co", "ftp://x", "https://", "http://user:secretpass@ho st"} {
		if _, err := New(Options{Endpoint: bad}); err == nil || strings.Contains(err.Error(), "secretpass") {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func TestNoRedirectToPlainHTTP(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer secure.Close()
	c, err := New(Options{Endpoint: secure.URL, HTTP: secure.Client()})
	if err != nil {
		t.Fatal(err)
	}
	c.sleep = func(context.Context, time.Duration) error { t.Error("tried again"); return errors.New("enough") }
	if _, err := c.Fetch(t.Context(), FetchRequest{Repo: testRepo, Dir: t.TempDir()}); !errors.Is(err, errRedirect) {
		t.Errorf("got %v, want a refused redirect", err)
	}
	// A certificate that nobody vouches for is no passing trouble either.
	c.http.Transport = &authTransport{origin: c.endpoint}
	_, err = c.Fetch(t.Context(), FetchRequest{Repo: testRepo, Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "not secure") {
		t.Errorf("got %v, want a complaint about the certificate", err)
	}
}

func TestDelay(t *testing.T) {
	r := Retry{}.orDefaults()
	var got []time.Duration
	for _, n := range []int{1, 2, 3, 6, 7, 31, 200} {
		got = append(got, r.delay(n, 1))
	}
	ms := time.Millisecond
	if want := []time.Duration{500 * ms, 1000 * ms, 2000 * ms, 16000 * ms, 30000 * ms, 30000 * ms, 30000 * ms}; !slices.Equal(got, want) {
		t.Errorf("delays %v, want %v", got, want)
	}
	if d := r.delay(3, 0); d != time.Second {
		t.Errorf("the least third delay is %v, want half of 2 s", d)
	}
}

func TestSleepEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := sleep(t.Context(), time.Microsecond); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	stamp := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, tt := range []struct {
		header []string
		want   time.Duration
	}{
		{nil, 0},
		{[]string{"Retry-After", "120"}, 2 * time.Minute},
		{[]string{"Retry-After", "-5"}, 0},
		{[]string{"Retry-After", "soon"}, 0},
		{[]string{"Retry-After", "999999999999"}, 7 * 24 * time.Hour},
		{[]string{"Retry-After", stamp(30 * time.Second)}, 30 * time.Second},
		{[]string{"Retry-After", stamp(-time.Hour)}, 0},
		{[]string{"Retry-After", stamp(90 * time.Second), "Date", stamp(80 * time.Second)}, 10 * time.Second},
		{[]string{"RateLimit", `"api";r=0;t=42`}, 42 * time.Second},
		{[]string{"RateLimit", `"api";r=0;t=x`}, 0},
	} {
		h := http.Header{}
		for i := 0; i < len(tt.header); i += 2 {
			h.Set(tt.header[i], tt.header[i+1])
		}
		if got := retryAfter(h, now); got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.header, got, tt.want)
		}
	}
}

func TestContentRange(t *testing.T) {
	for _, tt := range []struct {
		in                 string
		first, last, total int64
		ok                 bool
	}{
		{"bytes 0-9/10", 0, 9, 10, true},
		{"bytes 5-9/*", 5, 9, -1, true},
		{"bytes 5-9", 0, 0, 0, false},
		{"bytes */10", 0, 0, 0, false},
		{"bytes 9-5/10", 0, 0, 0, false},
		{"bytes 5-10/10", 0, 0, 0, false},
		{"bytes -1-5/10", 0, 0, 0, false},
		{"items 0-9/10", 0, 0, 0, false},
		{"bytes 0-9/99999999999999999999", 0, 0, 0, false},
		{"", 0, 0, 0, false},
	} {
		first, last, total, ok := contentRange(tt.in)
		if first != tt.first || last != tt.last || total != tt.total || ok != tt.ok {
			t.Errorf("%q: got %d, %d, %d, %v", tt.in, first, last, total, ok)
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"Xenova/clip-vit-base-patch32": true, "gpt2": true, "a/b.c_d-e": true,
		"": false, "/": false, "a/": false, "/a": false, "a/b/c": false, "../x": false, "a/..": false, "a/.b": false,
		"a/b..c": false, "a b/c": false, `a\b`: false, "a/b?x": false, "a/" + strings.Repeat("b", 97): false, "a/b.": false,
	} {
		if err := checkRepo(name); (err == nil) != want {
			t.Errorf("repo %q: %v", name, err)
		}
	}
	for path, want := range map[string]bool{
		"config.json": true, "onnx/a b.onnx": true, "onnx/é.onnx": true, "..a": true,
		"": false, ".": false, "..": false, "../a": false, "a/../../b": false, "a/../b": false, "/a": false, "a//b": false,
		"a/": false, `a\b`: false, "C:/a": false, "a\x00b": false, "a\nb": false, strings.Repeat("a", 501): false,
	} {
		if err := checkPath(path); (err == nil) != want {
			t.Errorf("path %q: %v", path, err)
		}
	}
}

func TestCheckListing(t *testing.T) {
	good := remoteFile{path: "a", size: 1, sha256: sha256Of(nil)}
	for name, files := range map[string][]remoteFile{
		"twice":         {good, good},
		"negative":      {{path: "a", size: -1}},
		"huge":          {{path: "a", size: 1 << 41}},
		"short SHA-256": {{path: "a", sha256: "abc"}},
		"odd blob":      {{path: "a", blob: "../../../../x"}},
	} {
		if err := checkListing(files); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := checkListing([]remoteFile{good}); err != nil {
		t.Error(err)
	}
	unnamed := []remoteFile{{path: "config.json"}, {path: "preprocessor_config.json"}, {path: "tokenizer.json"},
		{path: "onnx/vision_model.onnx"}, {path: "onnx/text_model.onnx"}}
	if _, err := choose("a/b", unnamed, "fp32"); err == nil || !strings.Contains(err.Error(), "no checksum") {
		t.Errorf("files without checksums: %v", err)
	}
}

func TestKnown(t *testing.T) {
	for i, m := range Known() {
		if err := checkRepo(m.Name); err != nil {
			t.Error(err)
		}
		if m.Revision != "" && !commitID().MatchString(m.Revision) {
			t.Errorf("%s: revision %q is no commit", m.Name, m.Revision)
		}
		if m.Summary == "" || m.Licence == "" {
			t.Errorf("%s: no summary or licence", m.Name)
		}
		for _, s := range m.Sizes {
			if !slices.Contains(Precisions(), s.Precision) || s.VisionMB <= 0 || s.TextMB <= 0 {
				t.Errorf("%s: size %+v", m.Name, s)
			}
		}
		if got, ok := LookUp(m.Name); !ok || got.Name != m.Name || (i == 0) != (m.Name == DefaultModel) {
			t.Errorf("%s is not found, or not in its place", m.Name)
		}
	}
	if _, ok := LookUp("acme/nothing"); ok {
		t.Error("a model that is not known is found")
	}
	if rev := revisionFor(FetchRequest{Repo: DefaultModel}, Manifest{}); rev != Known()[0].Revision || rev == "" {
		t.Errorf("the default model comes at %q", rev)
	}
	if rev := revisionFor(FetchRequest{Repo: "acme/x"}, Manifest{}); rev != "main" {
		t.Errorf("an unknown model comes at %q", rev)
	}
}

func FuzzContentRange(f *testing.F) {
	f.Add("bytes 0-9/10")
	f.Add("bytes 5-9/*")
	f.Fuzz(func(t *testing.T, v string) {
		first, last, total, ok := contentRange(v)
		if ok && (first < 0 || last < first || (total >= 0 && last >= total)) {
			t.Errorf("%q: %d-%d/%d", v, first, last, total)
		}
	})
}
