package e2e

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sightline/sightline/internal/clip/hub"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
)

// exits CODE PROGRAM ARG... runs a program that must end with an exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// picture FILE COLOUR [SEED] paints a picture of one colour, a little different
// for each seed. The ending of the name chooses the format.
func picture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: picture FILE COLOUR [SEED]")
	}
	colours := map[string]color.NRGBA{
		"red": {200, 30, 30, 255}, "green": {40, 160, 40, 255}, "blue": {30, 60, 200, 255}, "white": {250, 250, 250, 255},
	}
	c, ok := colours[args[1]]
	if !ok {
		ts.Fatalf("no such colour: %s", args[1])
	}
	seed := 0
	if len(args) == 3 {
		var err error
		seed, err = strconv.Atoi(args[2])
		ts.Check(err)
	}
	img := image.NewNRGBA(image.Rect(0, 0, 320, 240))
	for y := range 240 {
		for x := range 320 {
			p := c
			p.G += uint8((x*7 + y*3 + seed*11) % 5)
			img.SetNRGBA(x, y, p)
		}
	}
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	f, err := os.Create(path)
	ts.Check(err)
	defer f.Close()
	if strings.HasSuffix(path, ".png") {
		ts.Check(png.Encode(f, img))
	} else {
		ts.Check(jpeg.Encode(f, img, nil))
	}
}

// tiny is the folder of a tiny CLIP with random weights, which some scripts use.
type tiny string

// bundle DIR copies the tiny CLIP into a folder.
func (dir tiny) bundle(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: bundle DIR")
	}
	ts.Check(os.CopyFS(ts.MkAbs(args[0]), os.DirFS(string(dir))))
}

// hold DIR opens the index in a folder for writing until the script ends.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hold DIR")
	}
	st, err := local.Open(context.Background(), local.Options{Dir: ts.MkAbs(args[0]), Collection: "default", Mode: store.ReadWrite})
	ts.Check(err)
	ts.Defer(func() { st.Close() })
}

// json FIELD=VALUE... checks fields of the last line of the last stdout. A value
// of * only asks that the field is there.
func jsonFields(ts *testscript.TestScript, neg bool, args []string) {
	lines := strings.Split(strings.TrimSpace(ts.ReadFile("stdout")), "\n")
	var got map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &got); err != nil {
		ts.Fatalf("not JSON: %q: %v", lines[len(lines)-1], err)
	}
	for line := range strings.Lines(ts.ReadFile("stderr")) { // which a program reads line by line too
		if !json.Valid([]byte(line)) {
			ts.Fatalf("not JSON on stderr: %q", line)
		}
	}
	for _, a := range args {
		name, want, _ := strings.Cut(a, "=")
		value, ok := got[name]
		matches := ok && (want == "*" || fmt.Sprint(value) == want)
		if matches == neg {
			ts.Fatalf("field %s is %v, want %s", name, value, want)
		}
	}
}

// hub OWNER/NAME serves the tiny bundle as the Hugging Face hub would, and sets
// HF_ENDPOINT.
func (dir tiny) serveHub(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hub OWNER/NAME")
	}
	repo := args[0]
	files := make(map[string][]byte)
	ts.Check(filepath.WalkDir(string(dir), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(string(dir), path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(rel)], err = os.ReadFile(path)
		return err
	}))
	commit := hubCommit
	if k, ok := hub.LookUp(repo); ok && k.Revision != "" {
		commit = k.Revision // the one that a fetch asks for
	}
	server := httptest.NewServer(fakeHub{repo: repo, commit: commit, files: files})
	ts.Defer(server.Close)
	ts.Setenv("HF_ENDPOINT", server.URL)
}

// fakeHub answers as far as a fetch asks.
type fakeHub struct {
	repo   string
	commit string
	files  map[string][]byte
}

const hubCommit = "0123456789abcdef0123456789abcdef01234567"

func (h fakeHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if name, ok := strings.CutPrefix(r.URL.Path, "/"+h.repo+"/resolve/"+h.commit+"/"); ok {
		data, ok := h.files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(data)))
		return
	}
	if !strings.HasPrefix(r.URL.Path, "/api/models/"+h.repo) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"id": h.repo, "sha": h.commit, "siblings": h.siblings()})
}

func (h fakeHub) siblings() []map[string]any {
	var names []string
	for n := range h.files {
		names = append(names, n)
	}
	slices.Sort(names)
	var out []map[string]any
	for _, n := range names {
		data := h.files[n]
		blob := sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(data)), data...))
		s := map[string]any{"rfilename": n, "size": len(data), "blobId": hex.EncodeToString(blob[:])}
		if strings.HasSuffix(n, ".onnx") {
			sum := sha256.Sum256(data)
			s["lfs"] = map[string]any{"sha256": hex.EncodeToString(sum[:]), "size": len(data), "pointerSize": 134}
		}
		out = append(out, s)
	}
	return out
}
