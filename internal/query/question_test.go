package query_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
)

func TestAsk(t *testing.T) {
	s, photos := fixture(t)
	for _, c := range []struct {
		name  string
		q     query.Question
		first string
		hits  int
	}{
		{"a text", query.Text("a green thing"), "green.png", 3},
		{"a file", query.ImageFile(filepath.Join(photos, "blue.png")), "blue.png", 3},
		{"a picture of the index", query.PictureLike(filepath.Join(photos, "red.png")), "", 2}, // without itself
	} {
		a, err := s.Ask(t.Context(), c.q, query.Params{K: 5, MinScore: -1})
		if err != nil || len(a.Hits) != c.hits || a.Took <= 0 {
			t.Errorf("%s: %d hits in %s, %v", c.name, len(a.Hits), a.Took, err)
			continue
		}
		if got := names(a.Hits)[0]; c.first != "" && got != c.first {
			t.Errorf("%s: %s is first, want %s", c.name, got, c.first)
		}
	}
	for q, want := range map[query.Question]error{
		query.Text(" "): query.ErrEmpty, query.ImageFile("none.png"): query.ErrPicture, query.PictureLike("none.png"): store.ErrNotFound,
	} {
		if _, err := s.Ask(t.Context(), q, query.Params{K: 5}); !errors.Is(err, want) {
			t.Errorf("%T %q: %v, want %v", q, q, err, want)
		}
	}
}

// halfBlind is a store whose search passes over every second hit, and that knows better
// when it is asked to search exactly.
type halfBlind struct{ store.Store }

func (h halfBlind) Capabilities() store.Capabilities { return store.Capabilities{} }

func (h halfBlind) Search(ctx context.Context, q store.Query) ([][]store.Hit, error) {
	hits, err := h.Store.Search(ctx, q)
	for i := range hits {
		var kept []store.Hit
		for j := 0; j < len(hits[i]); j += 2 {
			kept = append(kept, hits[i][j])
		}
		hits[i] = kept
	}
	return hits, err
}

type exactly struct{ halfBlind }

func (e exactly) SearchExact(ctx context.Context, q store.Query) ([][]store.Hit, error) {
	return e.Store.Search(ctx, q)
}

func TestVerify(t *testing.T) {
	enc := cliptest.New(32)
	st := openStore(t)
	for _, text := range []string{"red", "red car", "red house", "blue"} {
		v, err := enc.EncodeTexts(t.Context(), []string{text})
		if err != nil {
			t.Fatal(err)
		}
		rec := store.Record{ID: store.ID("c", text), Path: "/" + text, Root: "/", Vector: v.Row(0)}
		if err := st.Upsert(t.Context(), []store.Record{rec}); err != nil {
			t.Fatal(err)
		}
	}
	p := query.Params{K: 4, MinScore: -1}
	for _, c := range []struct {
		name string
		st   store.Store
		want query.Verification
		err  error
	}{
		{"exact", st, query.Verification{Recall: 1, Found: 4, Exact: 4}, nil},
		{"half of it", exactly{halfBlind{st}}, query.Verification{Recall: 0.5, Found: 2, Exact: 4}, nil},
		{"nothing to compare with", halfBlind{st}, query.Verification{}, store.ErrNotExact},
	} {
		s := query.New(c.st, enc, "c", imaging.Limits{})
		a, err := s.Ask(t.Context(), query.Text("red"), p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Verify(t.Context(), query.Text("red"), p, a)
		got.ExactTook = 0
		if diff := cmp.Diff(c.want, got); diff != "" || !errors.Is(err, c.err) {
			t.Errorf("%s: %v (-want +got):\n%s", c.name, err, diff)
		}
	}
}
