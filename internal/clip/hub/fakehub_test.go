package hub

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testRepo   = "acme/clip-tiny"
	testCommit = "1234567890abcdef1234567890abcdef12345678"
	testToken  = "hf_secretSECRETsecret"
)

// fakeHub answers as the hub does: an API, small files from the hub itself, and
// redirects to a second server, on another port, for LFS files.
type fakeHub struct {
	t        *testing.T
	hub, cdn *httptest.Server

	mu       sync.Mutex
	files    map[string][]byte // of testRepo at testCommit
	branches map[string]string // to commits
	bare     bool              // revision answers without sizes and ids, as some mirrors do
	pageSize int               // of the tree
	quiet    bool              // no X-Linked headers
	faults   map[string][]http.HandlerFunc
	seen     []seenRequest
	served   map[string]int64 // body bytes written, by path in the repository
}

type seenRequest struct{ server, path, auth, rng, referer string }

func newFakeHub(t *testing.T) *fakeHub {
	f := startFakeHub()
	f.t = t
	t.Cleanup(f.stop)
	return f
}

// StartFakeHub gives the examples a hub with one model, acme/clip-tiny. stop ends it.
func StartFakeHub() (endpoint string, stop func()) {
	f := startFakeHub()
	return f.hub.URL, f.stop
}

func (f *fakeHub) stop() {
	f.hub.Close()
	f.cdn.Close()
}

func startFakeHub() *fakeHub {
	f := &fakeHub{
		pageSize: 1000, branches: map[string]string{"main": testCommit},
		faults: map[string][]http.HandlerFunc{}, served: map[string]int64{},
		files: map[string][]byte{
			".gitattributes":                 []byte("*.onnx filter=lfs\n"),
			"README.md":                      []byte("# tiny\n"),
			"config.json":                    []byte(`{"model_type": "clip"}`),
			"preprocessor_config.json":       []byte(`{"size": 224}`),
			"tokenizer.json":                 noise(1, 40_000),
			"tokenizer_config.json":          []byte(`{}`),
			"onnx/model.onnx":                noise(2, 1000),
			"onnx/vision_model.onnx":         noise(3, 300_000),
			"onnx/text_model.onnx":           noise(4, 200_000),
			"onnx/vision_model_fp16.onnx":    noise(5, 150_000),
			"onnx/text_model_fp16.onnx":      noise(6, 1_000),
			"onnx/text_model_fp16.onnx_data": noise(7, 99_000),
			"onnx/vision_model_q4.onnx":      noise(8, 1000),
		},
	}
	f.hub = httptest.NewServer(f.record("hub", f.serveHub))
	f.cdn = httptest.NewServer(f.record("cdn", f.serveCDN))
	return f
}

func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed)})
	_, _ = r.Read(b)
	return b
}

func sha256Of(b []byte) string { h := sha256.Sum256(b); return hex.EncodeToString(h[:]) }

func blobOf(b []byte) string {
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(b))
	h.Write(b)
	return hex.EncodeToString(h.Sum(nil))
}

func isLFS(p string) bool { return strings.Contains(p, ".onnx") }

func (f *fakeHub) record(server string, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.seen = append(f.seen, seenRequest{server, r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("Range"), r.Header.Get("Referer")})
		f.mu.Unlock()
		next(w, r)
	})
}

func (f *fakeHub) serveHub(w http.ResponseWriter, r *http.Request) {
	if fault := f.fault("api"); fault != nil && strings.HasPrefix(r.URL.Path, "/api/") {
		fault(w, r)
		return
	}
	api := "/api/models/" + testRepo
	if rev, ok := strings.CutPrefix(r.URL.EscapedPath(), api+"/revision/"); ok {
		f.revision(w, r, rev)
		return
	}
	if r.URL.Path == api+"/tree/"+testCommit {
		f.tree(w, r)
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/"+testRepo+"/resolve/"+testCommit+"/")
	content, has := f.content(path)
	switch {
	case !ok:
		w.Header().Set("X-Error-Code", "RepoNotFound")
		http.Error(w, `{"error":"Repository not found"}`, http.StatusUnauthorized)
	case !has:
		w.Header().Set("X-Error-Code", "EntryNotFound")
		http.Error(w, "Entry not found", http.StatusNotFound)
	case isLFS(path):
		w.Header().Set("X-Repo-Commit", testCommit)
		if !f.quiet {
			w.Header().Set("X-Linked-ETag", `"`+sha256Of(content)+`"`)
			w.Header().Set("X-Linked-Size", strconv.Itoa(len(content)))
		}
		http.Redirect(w, r, f.cdn.URL+"/objects/"+path+"?Signature=cdnSecret", http.StatusFound)
	default:
		f.serve(w, r, path)
	}
}

func (f *fakeHub) serveCDN(w http.ResponseWriter, r *http.Request) {
	f.serve(w, r, strings.TrimPrefix(r.URL.Path, "/objects/"))
}

// serve sends a file with what HTTP has for ranges, unless a fault is due.
func (f *fakeHub) serve(w http.ResponseWriter, r *http.Request, path string) {
	counted := &countingWriter{ResponseWriter: w, f: f, path: path}
	if fault := f.fault(path); fault != nil {
		fault(counted, r)
		return
	}
	content, _ := f.content(path)
	w.Header().Set("ETag", `"etag-of-the-cdn"`)
	http.ServeContent(counted, r, "", time.Time{}, bytes.NewReader(content))
}

func (f *fakeHub) revision(w http.ResponseWriter, r *http.Request, rev string) {
	rev, _ = url.PathUnescape(rev)
	f.mu.Lock()
	defer f.mu.Unlock()
	commit := rev
	if c, ok := f.branches[rev]; ok {
		commit = c
	} else if rev != testCommit {
		w.Header().Set("X-Error-Code", "RevisionNotFound")
		http.Error(w, `{"error":"Invalid rev id"}`, http.StatusNotFound)
		return
	}
	var siblings []map[string]any
	for _, p := range f.paths() {
		s := map[string]any{"rfilename": p}
		if !f.bare && r.URL.Query().Get("blobs") == "true" {
			s["size"], s["blobId"] = len(f.files[p]), blobOf(f.files[p])
			if isLFS(p) {
				s["blobId"] = blobOf([]byte("pointer of " + p))
				s["lfs"] = map[string]any{"sha256": sha256Of(f.files[p]), "size": len(f.files[p]), "pointerSize": 134}
			}
		}
		siblings = append(siblings, s)
	}
	f.json(w, map[string]any{"id": testRepo, "sha": commit, "siblings": siblings})
}

func (f *fakeHub) tree(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	entries := []map[string]any{{"type": "directory", "path": "onnx", "oid": strings.Repeat("a", 40), "size": 0}}
	for _, p := range f.paths() {
		e := map[string]any{"type": "file", "path": p, "size": len(f.files[p]), "oid": blobOf(f.files[p])}
		if isLFS(p) {
			e["oid"] = blobOf([]byte("pointer of " + p))
			e["lfs"] = map[string]any{"oid": sha256Of(f.files[p]), "size": len(f.files[p]), "pointerSize": 134}
		}
		entries = append(entries, e)
	}
	at, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
	end := min(at+f.pageSize, len(entries))
	if end < len(entries) {
		// As a mirror that passes the hub's own link through.
		w.Header().Set("Link", fmt.Sprintf(`<https://elsewhere.invalid%s?recursive=true&cursor=%d>; rel="next"`, r.URL.Path, end))
	}
	f.json(w, entries[at:end])
}

func (f *fakeHub) paths() []string {
	var ps []string
	for p := range f.files {
		ps = append(ps, p)
	}
	slices.Sort(ps)
	return ps
}

func (f *fakeHub) json(w http.ResponseWriter, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		f.t.Error(err)
	}
}

func (f *fakeHub) content(path string) ([]byte, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, ok := f.files[path]
	return b, ok
}

func (f *fakeHub) set(path string, b []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files[path] = b
}

// misbehave makes the next requests for path, one after another, end in faults.
func (f *fakeHub) misbehave(path string, faults ...http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults[path] = append(f.faults[path], faults...)
}

func (f *fakeHub) fault(path string) http.HandlerFunc {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.faults[path]) == 0 {
		return nil
	}
	fault := f.faults[path][0]
	f.faults[path] = f.faults[path][1:]
	return fault
}

func (f *fakeHub) servedBytes(path string) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.served[path]
}

func (f *fakeHub) requests() []seenRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

type countingWriter struct {
	http.ResponseWriter
	f    *fakeHub
	path string
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.f.mu.Lock()
	w.f.served[w.path] += int64(n)
	w.f.mu.Unlock()
	return n, err
}

func (w *countingWriter) Flush() { w.ResponseWriter.(http.Flusher).Flush() }

// Faults.

func answer(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":"trouble %d"}`, status)
	}
}

// rangeStart reads the first byte that a request asks for.
func rangeStart(r *http.Request) int {
	v := strings.TrimSuffix(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-")
	n, _ := strconv.Atoi(v)
	return n
}

// begin sends the header of an honest answer and n bytes of its body.
func begin(w http.ResponseWriter, r *http.Request, content []byte, n int) {
	at := rangeStart(r)
	w.Header().Set("Content-Length", strconv.Itoa(len(content)-at))
	if at > 0 {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", at, len(content)-1, len(content)))
		w.WriteHeader(http.StatusPartialContent)
	}
	_, _ = w.Write(content[at:min(at+n, len(content))])
	w.(http.Flusher).Flush()
}

func cutAfter(content []byte, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		begin(w, r, content, n)
		panic(http.ErrAbortHandler)
	}
}

func stallAfter(content []byte, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		begin(w, r, content, n)
		<-r.Context().Done()
	}
}

// trickleAfter sends n bytes and then one every few milliseconds, without end.
func trickleAfter(content []byte, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		begin(w, r, content, n)
		for i := n; i < len(content) && r.Context().Err() == nil; i++ {
			_, _ = w.Write(content[i : i+1])
			_ = http.NewResponseController(w).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// sendWhole ignores the range, as a server that knows none.
func sendWhole(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) }
}

// sendChunked sends content without saying how long it is.
func sendChunked(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		_, _ = w.Write(content)
	}
}

// sendRange answers 206 with a Content-Range of its own.
func sendRange(contentRange string, content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Range", contentRange)
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(content)
	}
}

// testClient is a client that never really waits between attempts.
type testClient struct {
	*Client
	mu     sync.Mutex
	sleeps []time.Duration
	log    *bytes.Buffer
}

func (f *fakeHub) client(o Options) *testClient {
	f.t.Helper()
	tc := &testClient{log: &bytes.Buffer{}}
	o.Endpoint = f.hub.URL
	o.Log = slog.New(slog.NewTextHandler(lockedWriter{&tc.mu, tc.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if o.Stall == 0 {
		o.Stall = 10 * time.Second
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	f.t.Cleanup(transport.CloseIdleConnections)
	o.HTTP = &http.Client{Transport: transport}
	c, err := New(o)
	if err != nil {
		f.t.Fatal(err)
	}
	c.jitter = func() float64 { return 1 }
	c.sleep = func(ctx context.Context, d time.Duration) error {
		tc.mu.Lock()
		defer tc.mu.Unlock()
		tc.sleeps = append(tc.sleeps, d)
		return ctx.Err()
	}
	tc.Client = c
	return tc
}

func (tc *testClient) logged() string {
	tc.mu.Lock()
	defer tc.mu.Unlock()
	return tc.log.String()
}

type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
