package labeling

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/measure/retrieval"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/zeroshot"
)

// colourIndex is an index of pictures whose embeddings are those of colour names.
func colourIndex(t *testing.T, enc *cliptest.Encoder, colours ...string) store.Store {
	t.Helper()
	spec := enc.Spec()
	st, err := local.Open(t.Context(), local.Options{
		Dir: t.TempDir(), Collection: "c", Mode: store.Create,
		Model: store.Model{Fingerprint: spec.Fingerprint, Name: spec.Name, Precision: spec.Precision, Pixels: "exact", Dim: spec.Dim},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	m, err := enc.EncodeTexts(t.Context(), colours)
	if err != nil {
		t.Fatal(err)
	}
	var records []store.Record
	for i, name := range colours {
		path := "/p/" + name + ".jpg"
		records = append(records, store.Record{ID: store.ID("c", path), Path: path, Root: "/p", Format: "jpeg", Vector: m.Row(i)})
	}
	if err := st.Upsert(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	return st
}

func TestRun(t *testing.T) {
	enc := cliptest.New(32)
	st := colourIndex(t, enc, "red", "green", "blue")
	list, err := label.Parse("Red,green")
	if err != nil {
		t.Fatal(err)
	}
	c, err := zeroshot.Prepare(t.Context(), enc, list, zeroshot.Options{Templates: []string{"{}"}})
	if err != nil {
		t.Fatal(err)
	}
	run := func(text string) (Report, error) {
		captions, err := retrieval.ReadCaptions(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return Run(t.Context(), st, c, captions, 0.5)
	}
	r, err := run("red.jpg\tx\tRED|car\ngreen.jpg\tx\tgreen\nblue.jpg\tx\ngone.jpg\tx\tred|car\n")
	if err != nil {
		t.Fatal(err)
	}
	q := r.Quality
	if q.Pictures != 3 || q.Labels != 2 || q.Positives != 2 || q.Single != 2 || q.Accuracy != 1 || r.Missing != 1 {
		t.Errorf("%+v", r)
	}
	if diff := cmp.Diff([]string{"car"}, r.Unknown); diff != "" {
		t.Errorf("unknown (-want +got):\n%s", diff)
	}
	if r, err := run("gone.jpg\tx\tred\n"); !errors.Is(err, retrieval.ErrCaptions) {
		t.Errorf("no picture in the index: %+v, %v", r, err)
	}
	if r, err := run("red.jpg\tx\tcar\n"); !errors.Is(err, retrieval.ErrCaptions) || len(r.Unknown) != 1 {
		t.Errorf("no label in the list: %+v, %v", r, err)
	}
}
