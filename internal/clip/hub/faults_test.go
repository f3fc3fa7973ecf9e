package hub

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/fault"
)

const visionPath = "onnx/vision_model.onnx"

// TestFetchSurvives runs whole fetches over servers in trouble.
func TestFetchSurvives(t *testing.T) {
	content := noise(3, 300_000) // what newFakeHub serves at visionPath
	wrong := noise(42, 300_000)
	for _, tt := range []struct {
		name   string
		path   string // visionPath when empty
		faults []http.HandlerFunc
		stall  time.Duration
		served int64 // bytes of path over all attempts
		ranges []string
		quiet  bool
	}{
		{name: "cut midway", faults: []http.HandlerFunc{cutAfter(content, 100_000)}, served: 300_000, ranges: []string{"", "bytes=100000-"}},
		{
			name: "cut twice", faults: []http.HandlerFunc{cutAfter(content, 100_000), cutAfter(content, 100_000)},
			served: 300_000, ranges: []string{"", "bytes=100000-", "bytes=200000-"},
		},
		{name: "cut before the first byte", faults: []http.HandlerFunc{cutAfter(content, 0)}, served: 300_000, ranges: []string{"", ""}},
		{
			name: "stall", faults: []http.HandlerFunc{stallAfter(content, 100_000)}, stall: 500 * time.Millisecond,
			served: 300_000, ranges: []string{"", "bytes=100000-"},
		},
		{name: "ends early without a length", faults: []http.HandlerFunc{sendChunked(content[:70_000])}, served: 300_000, ranges: []string{"", "bytes=70000-"}},
		{name: "server errors", faults: []http.HandlerFunc{answer(500), answer(503), answer(502)}, ranges: []string{"", "", "", ""}},
		{name: "expired signature", faults: []http.HandlerFunc{answer(403)}, ranges: []string{"", ""}},
		{
			name: "no ranges", faults: []http.HandlerFunc{cutAfter(content, 100_000), sendWhole(content)},
			served: 400_000, ranges: []string{"", "bytes=100000-"},
		},
		{
			name: "wrong bytes once", faults: []http.HandlerFunc{sendWhole(wrong)}, served: 600_000, ranges: []string{"", ""},
		},
		{
			name: "another file after the cut", faults: []http.HandlerFunc{cutAfter(wrong, 100_000)},
			served: 600_000, ranges: []string{"", "bytes=100000-", ""},
		},
		{name: "wrong length once", faults: []http.HandlerFunc{sendWhole(content[:1000])}, served: 301_000, ranges: []string{"", ""}},
		{name: "too long without a length", faults: []http.HandlerFunc{sendChunked(append(slices.Clone(content), 'x'))}, ranges: []string{"", ""}},
		{
			name:   "lies about the start of the range",
			faults: []http.HandlerFunc{cutAfter(content, 100_000), sendRange("bytes 0-199999/300000", content[:200_000])},
			ranges: []string{"", "bytes=100000-", ""},
		},
		{
			name:   "lies about the whole size",
			faults: []http.HandlerFunc{cutAfter(content, 100_000), sendRange("bytes 100000-299999/400000", content[100_000:])},
			ranges: []string{"", "bytes=100000-", ""},
		},
		{
			name:   "range without Content-Range",
			faults: []http.HandlerFunc{cutAfter(content, 100_000), sendRange("", content[100_000:])},
			ranges: []string{"", "bytes=100000-", ""},
		},
		{
			name: "range not satisfiable", faults: []http.HandlerFunc{cutAfter(content, 100_000), answer(416, "Content-Range", "bytes */50")},
			ranges: []string{"", "bytes=100000-", ""},
		},
		{
			name:   "a shorter range than asked for",
			faults: []http.HandlerFunc{cutAfter(content, 100_000), sendRange("bytes 100000-199999/300000", content[100_000:200_000])},
			served: 300_000, ranges: []string{"", "bytes=100000-", "bytes=200000-"},
		},
		{name: "a small file goes wrong", path: "tokenizer.json", faults: []http.HandlerFunc{sendWhole(noise(77, 40_000))}, served: 80_000, ranges: []string{"", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeHub(t)
			path := tt.path
			if path == "" {
				path = visionPath
			}
			f.misbehave(path, tt.faults...)
			b, err := f.client(Options{Stall: tt.stall}).Fetch(t.Context(), FetchRequest{Repo: testRepo, Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			f.checkBundle(b.Dir, fp32Files)
			if n := f.servedBytes(path); tt.served != 0 && n != tt.served {
				t.Errorf("%d bytes served, want %d", n, tt.served)
			}
			var ranges []string
			for _, r := range f.requests() {
				if strings.HasSuffix(r.path, "/"+path) && (r.server == "cdn") == isLFS(path) {
					ranges = append(ranges, r.rng)
				}
			}
			if !slices.Equal(ranges, tt.ranges) {
				t.Errorf("asked for ranges %q, want %q", ranges, tt.ranges)
			}
		})
	}
}

// A server that drips bytes is given up, as one that sends none is.
func TestTrickle(t *testing.T) {
	f := newFakeHub(t)
	f.misbehave(visionPath, trickleAfter(f.files[visionPath], 1000))
	begun := time.Now()
	b, err := f.client(Options{Stall: 300 * time.Millisecond}).Fetch(t.Context(), FetchRequest{Repo: testRepo, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	f.checkBundle(b.Dir, fp32Files)
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

func repeat(h http.HandlerFunc, n int) []http.HandlerFunc {
	return slices.Repeat([]http.HandlerFunc{h}, n)
}

// TestFetchGivesUp has a clear error for what cannot be mended, and leaves no
// bundle behind.
func TestFetchGivesUp(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(*fakeHub)
		req     FetchRequest
		token   string
		is      error
		says    string
		hint    string
		sleeps  int // waits before giving up
	}{
		{name: "no such model", req: FetchRequest{Repo: "acme/nothing"}, is: ErrNotFound, says: "acme/nothing", hint: "check the name"},
		{name: "token refused", req: FetchRequest{Repo: testRepo}, token: testToken, prepare: func(f *fakeHub) { f.misbehave("api", answer(401)) }, is: ErrAccess, hint: "check HF_TOKEN"},
		{name: "gated", prepare: func(f *fakeHub) { f.misbehave("api", answer(401, "X-Error-Code", "GatedRepo")) }, is: ErrAccess, says: "gated", hint: "set HF_TOKEN"},
		{name: "gated for this account", token: testToken, prepare: func(f *fakeHub) { f.misbehave("api", answer(403, "X-Error-Code", "GatedRepo")) }, is: ErrAccess, hint: "accept the model's terms"},
		{name: "forbidden", prepare: func(f *fakeHub) { f.misbehave("api", answer(403)) }, is: ErrAccess, says: "trouble 403"},
		{name: "plain 404", prepare: func(f *fakeHub) { f.misbehave("api", answer(404)) }, is: ErrNotFound, hint: "check the name"},
		{name: "no such revision", req: FetchRequest{Revision: "v9"}, is: ErrNotFound, says: `revision "v9"`},
		{name: "no such variant there", req: FetchRequest{Precision: "int8"}, is: ErrNoPrecision, hint: "fp32, fp16"},
		{name: "unknown variant", req: FetchRequest{Precision: "fp64"}, is: ErrNoPrecision, hint: "fp32, fp16, quantized, int8"},
		{name: "bad name", req: FetchRequest{Repo: "../etc"}, says: "not valid"},
		{name: "bad revision", req: FetchRequest{Revision: "../x"}, says: "not valid"},
		{
			name: "one graph for both", is: ErrUnusable, says: "together",
			prepare: func(f *fakeHub) {
				for p := range f.files {
					if strings.HasPrefix(p, "onnx/") && p != "onnx/model.onnx" {
						delete(f.files, p)
					}
				}
			},
		},
		{name: "no tokenizer", is: ErrUnusable, says: "tokenizer.json", prepare: func(f *fakeHub) { delete(f.files, "tokenizer.json") }},
		{name: "path that climbs", is: ErrUnsafePath, prepare: func(f *fakeHub) { f.files["onnx/vision_model.onnx_data/../../../../x"] = []byte("x") }},
		{name: "path that climbs, as a tree", is: ErrUnsafePath, prepare: func(f *fakeHub) { f.bare = true; f.files["../../x"] = []byte("x") }},
		{name: "file is gone", is: ErrNotFound, says: "tokenizer.json", prepare: func(f *fakeHub) { f.misbehave("tokenizer.json", answer(404)) }},
		{
			name: "wrong bytes, always", is: ErrChecksum, says: visionPath, hint: "HF_ENDPOINT",
			prepare: func(f *fakeHub) { f.misbehave(visionPath, repeat(sendWhole(noise(42, 300_000)), 5)...) },
		},
		{
			name: "changed after the listing", is: ErrChecksum, says: "the hub sends object",
			// The hub lists the true file first and links another one afterwards.
			prepare: func(f *fakeHub) {
				f.misbehave("config.json", func(w http.ResponseWriter, _ *http.Request) {
					_, _ = w.Write([]byte(`{"model_type": "clip"}`))
					f.set(visionPath, noise(43, 300_000))
				})
			},
		},
		{name: "server errors, always", says: "gave up after 6 attempts", hint: "is kept", sleeps: 5, prepare: func(f *fakeHub) { f.misbehave("api", repeat(answer(503), 9)...) }},
		{name: "cut, always", says: "unexpected EOF", sleeps: 5, prepare: func(f *fakeHub) { f.misbehave(visionPath, repeat(cutAfter(f.files[visionPath], 10), 9)...) }},
		{name: "limited for an hour", says: "429", hint: "1h0m0s", prepare: func(f *fakeHub) { f.misbehave("api", answer(429, "Retry-After", "3600")) }},
		{name: "not a hub", says: "not what a hub says", hint: "HF_ENDPOINT", prepare: func(f *fakeHub) { f.misbehave("api", sendWhole([]byte("<html>"))) }},
		{name: "no commit", says: "no commit", prepare: func(f *fakeHub) { f.misbehave("api", sendWhole([]byte("{}"))) }},
		{name: "endless redirects", says: "redirect", prepare: func(f *fakeHub) {
			f.misbehave("api", repeat(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/api/models/again", http.StatusTemporaryRedirect)
			}, 20)...)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeHub(t)
			if tt.prepare != nil {
				tt.prepare(f)
			}
			req := tt.req
			if req.Repo == "" {
				req.Repo = testRepo
			}
			req.Dir = t.TempDir()
			c := f.client(Options{Token: tt.token})
			_, err := c.Fetch(t.Context(), req)
			if err == nil {
				t.Fatal("no error")
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got %v, want %v", err, tt.is)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want it to say %q", err, tt.says)
			}
			var hinted *fault.Error
			if errors.As(err, &hinted) && !strings.Contains(hinted.Hint(), tt.hint) || hinted == nil && tt.hint != "" {
				t.Errorf("the hint of %v is not about %q", err, tt.hint)
			}
			if strings.Contains(err.Error(), testToken) || strings.Contains(err.Error(), "cdnSecret") {
				t.Errorf("the error tells a secret: %v", err)
			}
			if len(c.sleeps) != tt.sleeps {
				t.Errorf("waited %v, want %d times", c.sleeps, tt.sleeps)
			}
			if _, err := os.Stat(bundleDir(req.Dir, testRepo)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a failed fetch leaves a bundle (%v)", err)
			}
		})
	}
}

func TestFetchWaitsAsAsked(t *testing.T) {
	f := newFakeHub(t)
	f.misbehave("api", answer(429, "Retry-After", "7"), answer(503), answer(500))
	f.misbehave(visionPath, answer(429, "RateLimit", `"resolvers";r=0;t=11`))
	c := f.client(Options{})
	if _, err := c.Fetch(t.Context(), FetchRequest{Repo: testRepo, Dir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	want := []time.Duration{7 * time.Second, time.Second, 2 * time.Second, 11 * time.Second}
	if !slices.Equal(c.sleeps, want) {
		t.Errorf("waited %v, want %v", c.sleeps, want)
	}
}

// A transfer that is cut again and again but moves on is not given up.
func TestFetchManyCutsWithProgress(t *testing.T) {
	f := newFakeHub(t)
	big := noise(9, 12<<20)
	f.set(visionPath, big)
	f.misbehave(visionPath, repeat(cutAfter(big, progressWorth+1), 10)...)
	b, err := f.client(Options{}).Fetch(t.Context(), FetchRequest{Repo: testRepo, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	f.checkBundle(b.Dir, fp32Files)
	if n := f.servedBytes(visionPath); n != int64(len(big)) {
		t.Errorf("%d bytes served, want %d", n, len(big))
	}
}

func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full to stand for a full disk")
	}
	defer full.Close()
	tr := &transfer{file: remoteFile{size: 10}, meter: newMeter(nil, time.Now)}
	if err := tr.receive(full, strings.NewReader("0123456789"), 0); !errors.Is(err, ErrNoSpace) {
		t.Errorf("got %v, want ErrNoSpace", err)
	}
}

// A partial file of other content is not continued, and goes away in the end.
func TestFetchIgnoresPartialOfOtherContent(t *testing.T) {
	f := newFakeHub(t)
	dir := t.TempDir()
	staging := stagingDir(bundleDir(dir, testRepo))
	stale := partName(staging, remoteFile{path: visionPath, sha256: sha256Of([]byte("old"))})
	spoilt := partName(staging, remoteFile{path: "onnx/text_model.onnx", sha256: sha256Of(f.files["onnx/text_model.onnx"])})
	for _, name := range []string{stale, spoilt} {
		if err := os.MkdirAll(staging+"/onnx", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, noise(5, 250_000), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := f.client(Options{}).Fetch(t.Context(), FetchRequest{Repo: testRepo, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	f.checkBundle(b.Dir, fp32Files)
}
