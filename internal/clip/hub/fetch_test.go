package hub

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var fp32Files = []string{
	"config.json", "onnx/text_model.onnx", "onnx/vision_model.onnx",
	"preprocessor_config.json", "tokenizer.json", "tokenizer_config.json",
}

// checkBundle compares what is on disk and in the manifest with the hub's files.
func (f *fakeHub) checkBundle(dir string, paths []string) {
	f.t.Helper()
	m, err := ReadManifest(dir)
	if err != nil {
		f.t.Fatal(err)
	}
	var got []string
	for _, e := range m.Files {
		got = append(got, e.Path)
		want, _ := f.content(e.Path)
		have, err := os.ReadFile(filepath.Join(dir, e.Path))
		if err != nil {
			f.t.Error(err)
		}
		if string(have) != string(want) || e.SHA256 != sha256Of(want) || e.Size != int64(len(want)) {
			f.t.Errorf("%s differs from the hub's", e.Path)
		}
	}
	if diff := cmp.Diff(paths, got); diff != "" {
		f.t.Errorf("files of the manifest (-want +got):\n%s", diff)
	}
	if m.Commit != testCommit || m.Repo != testRepo || m.Endpoint != strings.TrimPrefix(f.hub.URL, "http://") {
		f.t.Errorf("manifest says %q %q %q", m.Repo, m.Commit, m.Endpoint)
	}
	if _, err := os.Stat(stagingDir(dir)); !errors.Is(err, os.ErrNotExist) {
		f.t.Errorf("the staging folder is still there (%v)", err)
	}
	problems, err := Verify(f.t.Context(), dir, nil)
	if err != nil || len(problems) > 0 {
		f.t.Errorf("Verify finds %v, %v", problems, err)
	}
}

func TestFetch(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(*fakeHub)
		req     FetchRequest
		want    []string
	}{
		{name: "default variant", want: fp32Files},
		{name: "external data", req: FetchRequest{Precision: "fp16"}, want: []string{
			"config.json", "onnx/text_model_fp16.onnx", "onnx/text_model_fp16.onnx_data", "onnx/vision_model_fp16.onnx",
			"preprocessor_config.json", "tokenizer.json", "tokenizer_config.json",
		}},
		{name: "by commit", req: FetchRequest{Revision: testCommit}, want: fp32Files},
		{
			name: "by a branch with a slash", want: fp32Files, req: FetchRequest{Revision: "refs/pr/1"},
			prepare: func(f *fakeHub) { f.branches["refs/pr/1"] = testCommit },
		},
		{
			name: "a mirror without sizes, in pages", want: fp32Files,
			prepare: func(f *fakeHub) { f.bare, f.pageSize = true, 3 },
		},
		{
			name: "an empty file", want: fp32Files,
			prepare: func(f *fakeHub) { f.files["tokenizer_config.json"] = nil },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeHub(t)
			if tt.prepare != nil {
				tt.prepare(f)
			}
			req := tt.req
			req.Repo, req.Dir = testRepo, t.TempDir()
			b, err := f.client(Options{}).Fetch(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if want := filepath.Join(req.Dir, "acme", "clip-tiny"); b.Dir != want {
				t.Errorf("bundle in %s, want %s", b.Dir, want)
			}
			f.checkBundle(b.Dir, tt.want)
			if b.Received != b.Manifest.Bytes() {
				t.Errorf("received %d bytes, the files have %d", b.Received, b.Manifest.Bytes())
			}
			onDisk, err := ReadManifest(b.Dir)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(onDisk, b.Manifest); diff != "" {
				t.Errorf("manifest on disk and returned (-disk +returned):\n%s", diff)
			}
		})
	}
}

func TestFetchTellsTheTokenToTheHubAlone(t *testing.T) {
	f := newFakeHub(t)
	f.misbehave("onnx/text_model.onnx", answer(503))
	f.misbehave("api", answer(500, "X-Error-Message", "echo of "+testToken))
	c := f.client(Options{Token: testToken})
	if _, err := c.Fetch(t.Context(), FetchRequest{Repo: testRepo, Dir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	var cdn int
	for _, r := range f.requests() {
		if r.server == "hub" && r.auth != "Bearer "+testToken {
			t.Errorf("the hub got %q for %s", r.auth, r.path)
		}
		if r.server == "cdn" {
			cdn++
			if r.auth != "" || r.referer != "" {
				t.Errorf("the content network got authorization %q, referer %q", r.auth, r.referer)
			}
		}
	}
	if cdn != 3 {
		t.Errorf("%d requests to the content network, want 3", cdn)
	}
	for _, secret := range []string{testToken, "cdnSecret"} {
		if strings.Contains(c.logged(), secret) {
			t.Errorf("the log holds %s:\n%s", secret, c.logged())
		}
	}
}

func TestFetchOfWholeBundleIsOffline(t *testing.T) {
	f := newFakeHub(t)
	req := FetchRequest{Repo: testRepo, Dir: t.TempDir()}
	if _, err := f.client(Options{}).Fetch(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	before := len(f.requests())
	for _, revision := range []string{"", testCommit} {
		req.Revision = revision
		b, err := f.client(Options{Offline: true}).Fetch(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if b.Received != 0 || b.Manifest.Commit != testCommit {
			t.Errorf("received %d bytes at %s", b.Received, b.Manifest.Commit)
		}
	}
	if n := len(f.requests()); n != before {
		t.Errorf("%d requests for a bundle that is there", n-before)
	}
	req.Revision, req.Precision = "", "fp16"
	if _, err := f.client(Options{Offline: true}).Fetch(t.Context(), req); !errors.Is(err, ErrOffline) {
		t.Errorf("fetching more while offline gives %v, want ErrOffline", err)
	}
}

func TestFetchAddsPrecision(t *testing.T) {
	f := newFakeHub(t)
	req := FetchRequest{Repo: testRepo, Dir: t.TempDir()}
	c := f.client(Options{})
	if _, err := c.Fetch(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	// main moves on, but the bundle holds on to its commit.
	f.mu.Lock()
	f.branches["main"] = strings.Repeat("9", 40)
	f.mu.Unlock()
	req.Precision = "fp16"
	b, err := c.Fetch(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	f.checkBundle(b.Dir, []string{
		"config.json", "onnx/text_model.onnx", "onnx/text_model_fp16.onnx", "onnx/text_model_fp16.onnx_data",
		"onnx/vision_model.onnx", "onnx/vision_model_fp16.onnx", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json",
	})
	if diff := cmp.Diff([]string{"fp32", "fp16"}, b.Manifest.Precisions()); diff != "" {
		t.Error(diff)
	}
	if n := f.servedBytes("tokenizer.json"); n != 40_000 {
		t.Errorf("tokenizer.json was served %d bytes, want it once", n)
	}
	for _, rev := range []string{"main", strings.Repeat("9", 40)} {
		req.Revision = rev
		if _, err := c.Fetch(t.Context(), req); !errors.Is(err, ErrOtherCommit) {
			t.Errorf("fetching %s over another commit gives %v, want ErrOtherCommit", rev, err)
		}
	}
}

func TestFetchRepairs(t *testing.T) {
	for name, damage := range map[string]func(dir string) error{
		"a flipped byte": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "onnx/text_model.onnx"), noise(99, 200_000), 0o644)
		},
		"a missing file":     func(dir string) error { return os.Remove(filepath.Join(dir, "onnx/text_model.onnx")) },
		"no manifest":        func(dir string) error { return os.Remove(filepath.Join(dir, ManifestName)) },
		"a damaged manifest": func(dir string) error { return os.WriteFile(filepath.Join(dir, ManifestName), []byte("{"), 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeHub(t)
			c := f.client(Options{})
			req := FetchRequest{Repo: testRepo, Dir: t.TempDir()}
			b, err := c.Fetch(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if err := damage(b.Dir); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Fetch(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			f.checkBundle(b.Dir, fp32Files)
			if n := f.servedBytes("onnx/vision_model.onnx"); n != 300_000 {
				t.Errorf("the intact file was served %d bytes, want it once", n)
			}
		})
	}
}

func TestFetchCancelAndResume(t *testing.T) {
	f := newFakeHub(t)
	f.misbehave("onnx/vision_model.onnx", stallAfter(f.files["onnx/vision_model.onnx"], 120_000))
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	// Cancel when all that the server sent has been written.
	part := partName(stagingDir(bundleDir(dir, testRepo)), remoteFile{path: "onnx/vision_model.onnx", sha256: sha256Of(f.files["onnx/vision_model.onnx"])})
	go func() {
		for ctx.Err() == nil {
			if info, err := os.Stat(part); err == nil && info.Size() == 120_000 {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	req := FetchRequest{Repo: testRepo, Dir: dir}
	c := f.client(Options{})
	if _, err := c.Fetch(ctx, req); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled fetch gives %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, testRepo)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a cancelled fetch leaves a bundle (%v)", err)
	}
	found, err := List(dir)
	if err != nil || len(found) != 1 || found[0].Name != testRepo || found[0].Complete || found[0].Bytes == 0 {
		t.Errorf("List shows %+v, %v for an interrupted fetch", found, err)
	}

	var first Progress
	req.Observer = ObserverFunc(func(p Progress) {
		if first.Total == 0 && p.Phase == Downloading {
			first = p
		}
	})
	b, err := c.Fetch(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	f.checkBundle(b.Dir, fp32Files)
	for path, size := range map[string]int64{"onnx/vision_model.onnx": 300_000, "onnx/text_model.onnx": 200_000, "tokenizer.json": 40_000} {
		if n := f.servedBytes(path); n != size {
			t.Errorf("%s: %d bytes served in both fetches together, want %d", path, n, size)
		}
	}
	if b.Received >= b.Manifest.Bytes()-200_000 || first.Done < 300_000 {
		t.Errorf("received %d bytes, progress starts at %d: the resume is not counted", b.Received, first.Done)
	}
}

func TestFetchTwiceAtOnce(t *testing.T) {
	f := newFakeHub(t)
	dir := t.TempDir()
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = f.client(Options{}).Fetch(t.Context(), FetchRequest{Repo: testRepo, Dir: dir})
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	f.checkBundle(bundleDir(dir, testRepo), fp32Files)
	for _, p := range fp32Files {
		content, _ := f.content(p)
		if n := f.servedBytes(p); n != int64(len(content)) {
			t.Errorf("%s: %d bytes served, want %d: both fetched it", p, n, len(content))
		}
	}
}

func TestFetchBusy(t *testing.T) {
	f := newFakeHub(t)
	dir := t.TempDir()
	unlock, err := f.client(Options{}).lock(t.Context(), bundleDir(dir, testRepo), newMeter(nil, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	var phases []Phase
	obs := ObserverFunc(func(p Progress) { phases = append(phases, p.Phase) })
	_, err = f.client(Options{LockWait: 20 * time.Millisecond}).Fetch(t.Context(), FetchRequest{Repo: testRepo, Dir: dir, Observer: obs})
	if !errors.Is(err, ErrBusy) || !slices.Contains(phases, Waiting) {
		t.Errorf("got %v after %v, want ErrBusy after waiting", err, phases)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := f.client(Options{}).Fetch(ctx, FetchRequest{Repo: testRepo, Dir: dir}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestFetchNeedsSpace(t *testing.T) {
	f := newFakeHub(t)
	c := f.client(Options{})
	c.free = func(string) (uint64, bool) { return spaceMargin + 400_000, true }
	_, err := c.Fetch(t.Context(), FetchRequest{Repo: testRepo, Dir: t.TempDir()})
	if !errors.Is(err, ErrNoSpace) {
		t.Fatalf("got %v, want ErrNoSpace", err)
	}
	if n := f.servedBytes("config.json"); n != 0 {
		t.Error("fetching began although there is no room")
	}
	c.free = func(string) (uint64, bool) { return spaceMargin + 600_000, true }
	if _, err := c.Fetch(t.Context(), FetchRequest{Repo: testRepo, Dir: t.TempDir()}); err != nil {
		t.Error(err)
	}
}

func TestFreeSpace(t *testing.T) {
	if n, known := freeSpace(t.TempDir()); known && n == 0 {
		t.Error("no free space at all")
	}
	if _, known := freeSpace(filepath.Join(t.TempDir(), "absent")); known {
		t.Error("free space of a folder that does not exist")
	}
}

func TestProgress(t *testing.T) {
	f := newFakeHub(t)
	var all []Progress
	b, err := f.client(Options{}).Fetch(t.Context(), FetchRequest{Repo: testRepo, Dir: t.TempDir(),
		Observer: ObserverFunc(func(p Progress) { all = append(all, p) })})
	if err != nil {
		t.Fatal(err)
	}
	last := all[len(all)-1]
	if last.Done != b.Manifest.Bytes() || last.Total != last.Done || last.File != "" {
		t.Errorf("the last progress is %+v, want all of %d bytes", last, b.Manifest.Bytes())
	}
	for i := 1; i < len(all); i++ {
		if all[i].Done < all[i-1].Done {
			t.Errorf("progress goes back from %+v to %+v", all[i-1], all[i])
		}
	}
}

func TestMeterRate(t *testing.T) {
	now := time.Unix(0, 0)
	var last Progress
	m := newMeter(ObserverFunc(func(p Progress) { last = p }), func() time.Time { return now })
	m.start(5_000, 25_000)
	m.enter(Downloading, "x")
	if last.Rate != 0 {
		t.Errorf("a rate of %v before any byte came", last.Rate)
	}
	for range 10 {
		now = now.Add(time.Second)
		m.moved(1000)
	}
	if last.Rate != 1000 || last.Done != 15_000 {
		t.Errorf("after 10 s at 1000 bytes a second: %+v", last)
	}
	m.lost(2_000)
	if last.Done != 13_000 {
		t.Errorf("done %d after losing 2000 of 15000", last.Done)
	}
}
