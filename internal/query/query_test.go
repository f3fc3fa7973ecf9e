package query_test

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/walk"
)

// openStore makes an empty store for vectors of the fake encoder.
func openStore(t *testing.T) store.Store {
	t.Helper()
	spec := cliptest.New(32).Spec()
	st, err := local.Open(t.Context(), local.Options{
		Dir: t.TempDir(), Collection: "c", Mode: store.Create,
		Model: store.Model{Fingerprint: spec.Fingerprint, Name: spec.Name, Dim: spec.Dim},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// fixture indexes a red, a green and a blue picture.
func fixture(t *testing.T) (*query.Service, string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	photos := filepath.Join(dir, "photos")
	if err := os.Mkdir(photos, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]color.NRGBA{
		"red.png": {220, 20, 20, 255}, "green.png": {20, 180, 20, 255}, "blue.png": {20, 20, 220, 255},
	} {
		img := image.NewNRGBA(image.Rect(0, 0, 40, 30))
		for i := 0; i < len(img.Pix); i += 4 {
			copy(img.Pix[i:], []byte{c.R, c.G, c.B, c.A})
		}
		f, err := os.Create(filepath.Join(photos, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	enc := cliptest.New(32)
	st := openStore(t)
	o := index.Options{Collection: "c", Walk: walk.Options{KnownExtension: imaging.KnownExtension}}
	if _, err := index.New(st, enc, o, nil, slog.New(slog.DiscardHandler)).Run(t.Context(), []string{photos}); err != nil {
		t.Fatal(err)
	}
	return query.New(st, enc, "c", imaging.Limits{}), photos
}

// hitsOf are the hits of an answer.
func hitsOf(a query.Answer, err error) ([]store.Hit, error) { return a.Hits, err }

func names(hits []store.Hit) []string {
	var out []string
	for _, h := range hits {
		out = append(out, filepath.Base(h.Path))
	}
	return out
}

func TestAsking(t *testing.T) {
	s, photos := fixture(t)
	all := query.Params{K: 10, MinScore: -1}
	first := func(hits []store.Hit, err error, want string) {
		t.Helper()
		if err != nil || len(hits) == 0 || filepath.Base(hits[0].Path) != want {
			t.Errorf("hits %v, %v; want %s first", names(hits), err, want)
		}
	}
	hits, err := hitsOf(s.Ask(t.Context(), query.Text("a blue thing"), all))
	first(hits, err, "blue.png")
	hits, err = hitsOf(s.Ask(t.Context(), query.ImageFile(filepath.Join(photos, "green.png")), all))
	first(hits, err, "green.png")

	red := filepath.Join(photos, "red.png")
	for _, name := range []string{red, store.ID("c", red)} {
		hits, err = hitsOf(s.Ask(t.Context(), query.PictureLike(name), query.Params{K: 2, MinScore: -1}))
		if err != nil || len(hits) != 2 || hits[0].Path == red || hits[1].Path == red {
			t.Errorf("like %s: %v, %v", name, names(hits), err)
		}
	}
	hits, err = hitsOf(s.Ask(t.Context(), query.Text("blue"), query.Params{K: 1, MinScore: -1, Filter: store.Under(red)}))
	first(hits, err, "red.png")
}

func TestList(t *testing.T) {
	st := openStore(t)
	day := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	var recs []store.Record
	for i, tags := range [][]store.Tag{
		{{Label: "Sea", Source: "run:1", Probability: 0.4}, {Label: "boat", Source: "user"}},
		{{Label: "sea", Source: "run:1", Probability: 0.9}},
		{{Label: "sea", Source: "run:1", Probability: 0.3}, {Label: "SEA", Source: "file"}},
		{{Label: "sea", Source: "run:1", Probability: 0.9}},
		nil,
	} {
		r := store.Record{Path: fmt.Sprintf("/p/%d.png", i), Format: "png", ModTime: day.AddDate(0, 0, i), Tags: tags, Vector: make([]float32, 32)}
		r.ID, r.Vector[i] = store.ID("c", r.Path), 1
		recs = append(recs, r)
	}
	if err := st.Upsert(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		f    query.Filters
		k    int
		want []string
	}{
		{query.Filters{Tags: []string{"sea"}}, 10, []string{"2.png", "3.png", "1.png", "0.png"}},
		{query.Filters{Tags: []string{"sea"}}, 1, []string{"2.png"}},
		{query.Filters{Tags: []string{"sea", "boat"}}, 10, []string{"0.png"}},
		{query.Filters{Formats: []string{"png"}}, 3, []string{"4.png", "3.png", "2.png"}},
		{query.Filters{Tags: []string{"snow"}}, 3, nil},
	} {
		filter, err := c.f.Compile()
		if err != nil {
			t.Fatal(err)
		}
		hits, err := hitsOf(query.Line{}.List(t.Context(), st, c.f.Tags, query.Params{K: c.k, Filter: filter}))
		if diff := cmp.Diff(c.want, names(hits)); err != nil || diff != "" {
			t.Errorf("%+v, k %d: %v, (-want +got)\n%s", c.f, c.k, err, diff)
		}
	}
}

func TestBadQuestions(t *testing.T) {
	s, photos := fixture(t)
	p := query.Params{K: 1, MinScore: -1}
	text := filepath.Join(photos, "text.jpg")
	if err := os.WriteFile(text, []byte("no picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		err  func() error
		want error
	}{
		{"empty text", func() error { _, err := hitsOf(s.Ask(t.Context(), query.Text(" \t"), p)); return err }, query.ErrEmpty},
		{"no file", func() error { _, err := hitsOf(s.Ask(t.Context(), query.ImageFile(photos+"/none"), p)); return err }, query.ErrPicture},
		{"a folder", func() error { _, err := hitsOf(s.Ask(t.Context(), query.ImageFile(photos), p)); return err }, query.ErrPicture},
		{"no picture", func() error { _, err := hitsOf(s.Ask(t.Context(), query.ImageFile(text), p)); return err }, imaging.ErrUnknownFormat},
		{"not indexed", func() error { _, err := hitsOf(s.Ask(t.Context(), query.PictureLike(text), p)); return err }, store.ErrNotFound},
	} {
		if err := c.err(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}
