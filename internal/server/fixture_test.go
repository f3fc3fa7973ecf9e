package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/query/saved"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/thumbnail"
	"github.com/sightline/sightline/internal/walk"
	"github.com/sightline/sightline/internal/zeroshot"
)

// house is a folder of pictures, their index, and what opens it.
type house struct {
	t      testing.TB
	photos string
	db     string
	model  store.Model
	opened int // indexes
	encode func() *cliptest.Encoder
}

// paint makes a picture of one colour, or of two side by side.
func paint(t testing.TB, width, height int, colours ...color.NRGBA) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetNRGBA(x, y, colours[x*len(colours)/width])
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var (
	red   = color.NRGBA{220, 20, 20, 255}
	green = color.NRGBA{20, 180, 20, 255}
	blue  = color.NRGBA{20, 20, 220, 255}
)

func newHouse(t testing.TB) *house {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, photos: filepath.Join(dir, "photos"), db: filepath.Join(dir, "db"), encode: func() *cliptest.Encoder { return cliptest.New(32) }}
	spec := h.encode().Spec()
	h.model = store.Model{Fingerprint: spec.Fingerprint, Name: spec.Name, Precision: spec.Precision, Pixels: "exact", Dim: spec.Dim}
	for name, data := range map[string][]byte{
		"red.png": paint(t, 40, 30, red), "sub/green.png": paint(t, 40, 30, green), "sub/blue.png": paint(t, 600, 30, blue),
		"sub/deep/copy of red.png": paint(t, 40, 30, red), "half.png": paint(t, 40, 30, red, blue),
	} {
		h.write(name, data)
	}
	h.index()
	return h
}

func (h *house) path(name string) string { return filepath.Join(h.photos, filepath.FromSlash(name)) }

func (h *house) id(name string) string { return store.ID("c", filepath.ToSlash(h.path(name))) }

func (h *house) write(name string, data []byte) {
	h.t.Helper()
	err := os.MkdirAll(filepath.Dir(h.path(name)), 0o755)
	at := time.Date(2024, 5, 31, 12, 0, 0, 0, time.UTC)
	if err := errors.Join(err, os.WriteFile(h.path(name), data, 0o644), os.Chtimes(h.path(name), at, at)); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) open(mode store.Mode) (*local.Store, error) {
	return local.Open(context.Background(), local.Options{Dir: h.db, Collection: "c", Mode: mode, Model: h.model})
}

// index brings the index up to date.
func (h *house) index() {
	h.t.Helper()
	st, err := h.open(store.Create)
	if err != nil {
		h.t.Fatal(err)
	}
	o := index.Options{Collection: "c", Walk: walk.Options{KnownExtension: imaging.KnownExtension}}
	_, err = index.New(st, h.encode(), o, nil, slog.New(slog.DiscardHandler)).Run(context.Background(), []string{h.photos})
	if err := errors.Join(err, st.Close()); err != nil {
		h.t.Fatal(err)
	}
}

// background are prompts that the fake tells from colours.
var background = []string{"wood", "a stone", "the sky", "many people", "water", "a house"}

// Open implements Opener.
func (h *house) Open(context.Context) (*Index, error) {
	st, err := h.open(store.ReadOnly)
	if err != nil {
		return nil, err
	}
	h.opened++
	enc := h.encode()
	labels := saved.Open(filepath.Join(h.db, "c", "labels"))
	return &Index{
		Service: query.New(st, enc, "c", imaging.Limits{}).OnlyIndexed().
			SavedLabels(func(context.Context) (*saved.Labels, error) { return labels, nil }).
			JudgeBy(func(ctx context.Context) (query.Judge, error) {
				return zeroshot.PrepareTexts(ctx, enc, zeroshot.Options{Background: background})
			}),
		Store: st, Collection: "c", Runs: tagging.OpenRegistry(filepath.Join(h.db, "c", "runs")), Labels: labels,
		Classifier: func(ctx context.Context, list *label.List, templates []string) (*zeroshot.Classifier, error) {
			return zeroshot.Prepare(ctx, clip.Encoder(enc), list, zeroshot.Options{Templates: templates, Background: background})
		},
		Close: func() error { return errors.Join(st.Close(), enc.Close()) },
	}, nil
}

// OpenWriter implements Opener.
func (h *house) OpenWriter(context.Context) (store.Store, error) { return h.open(store.ReadWrite) }

// InUse implements Opener.
func (h *house) InUse(ctx context.Context) (store.Description, error) {
	st, err := local.Open(ctx, local.Options{Dir: h.db, Collection: "c", Mode: store.ReadOnly})
	if err != nil {
		return store.Description{}, err
	}
	defer st.Close()
	return st.Describe(ctx)
}

// serve starts a server of the house that lets everybody write.
func (h *house) serve(edit func(*Options)) *Server {
	h.t.Helper()
	cache, err := thumbnail.Open(h.t.TempDir(), thumbnail.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	o := Options{Opener: h, Version: "test", AllowWrite: true, Thumbnails: cache}
	if edit != nil {
		edit(&o)
	}
	s, err := New(o)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			h.t.Errorf("closing the server: %v", err)
		}
	})
	return s
}

// request asks a server. body is JSON unless it is an io.Reader.
func request(t testing.TB, s http.Handler, method, url string, body any, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	var r io.Reader
	kind := ""
	switch b := body.(type) {
	case nil:
	case io.Reader:
		r = b
	default:
		data, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		r, kind = bytes.NewReader(data), "application/json"
	}
	req := httptest.NewRequest(method, "http://localhost:8080"+url, r)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			req.Host = value
			continue
		}
		req.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	return w
}

// ask asks a server and decodes the answer, which must have a status.
func ask[T any](t testing.TB, s http.Handler, method, url string, body any, status int, headers ...string) T {
	t.Helper()
	w := request(t, s, method, url, body, headers...)
	var out T
	if w.Code != status {
		t.Fatalf("%s %s: status %d, want %d: %s", method, url, w.Code, status, w.Body)
	}
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Fatalf("%s %s: %v: %.300s", method, url, err, w.Body)
		}
	}
	return out
}

func names(hits []Hit) string {
	var out []string
	for _, h := range hits {
		out = append(out, strings.TrimSuffix(h.Name, ".png"))
	}
	return strings.Join(out, " ")
}

// many adds n pictures to the index without files.
func (h *house) many(n int) {
	h.t.Helper()
	st, err := h.open(store.ReadWrite)
	if err != nil {
		h.t.Fatal(err)
	}
	var records []store.Record
	enc := h.encode()
	for i := range n {
		v, err := enc.EncodeTexts(context.Background(), []string{fmt.Sprintf("red thing %d", i)})
		if err != nil {
			h.t.Fatal(err)
		}
		p := fmt.Sprintf("/far/away/%06d.png", i)
		hash := make([]byte, 32)
		copy(hash, fmt.Sprintf("%032d", i))
		records = append(records, store.Record{ID: store.ID("c", p), Path: p, Root: "/far", Size: 1, Width: 1, Height: 1, Format: "png", ContentHash: hash, Vector: v.Row(0)})
	}
	if err := errors.Join(st.Upsert(context.Background(), records), st.Close()); err != nil {
		h.t.Fatal(err)
	}
}
