package retrieval

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
)

func TestReadCaptions(t *testing.T) {
	got, err := ReadCaptions(strings.NewReader("\ufeff# a remark\n\na.jpg\tA dog.\r\nsub/b.jpg\tA cat.\tanimal | cat|\tmore\n./c.jpg\tSnow.\t\n"))
	want := []Caption{{File: "a.jpg", Text: "A dog."}, {File: "sub/b.jpg", Text: "A cat.", Labels: []string{"animal", "cat"}}, {File: "c.jpg", Text: "Snow."}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []string{"", "# only a remark\n", "no tab", "\tno name", "a.jpg\t  "} {
		if _, err := ReadCaptions(strings.NewReader(bad)); !errors.Is(err, ErrCaptions) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	long := "a.jpg\tA dog.\nb.jpg\t" + strings.Repeat("x", maxLine)
	if _, err := ReadCaptions(strings.NewReader(long)); !errors.Is(err, ErrCaptions) || !strings.Contains(err.Error(), "line 2 is longer than") {
		t.Errorf("a long line: %v", err)
	}
}

func TestReadCaptionsFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "captions.tsv")
	if err := os.WriteFile(name, []byte("a.jpg\tA dog.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadCaptionsFile(name); err != nil || len(got) != 1 || got[0].Text != "A dog." {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := ReadCaptionsFile(name + "x"); !errors.Is(err, ErrCaptions) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is missing: %v", err)
	}
	if err := os.WriteFile(name, []byte("no tab\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCaptionsFile(name); !errors.Is(err, ErrCaptions) || !strings.HasPrefix(err.Error(), name) {
		t.Errorf("a damaged file: %v", err)
	}
}

func TestRankOf(t *testing.T) {
	hits := func(scores ...float32) []store.Hit {
		var out []store.Hit
		for i, s := range scores {
			out = append(out, store.Hit{Record: store.Record{ID: string(rune('a' + i))}, Score: s})
		}
		return out
	}
	for _, c := range []struct {
		name   string
		hits   []store.Hit
		wanted string
		want   int
	}{
		{"first", hits(.9, .8), "a", 1},
		{"second", hits(.9, .8), "b", 2},
		{"equals do not push down", hits(.9, .8, .8, .8), "d", 2},
		{"equal to the best", hits(.9, .9), "b", 1},
		{"the best of two", hits(.9, .8, .7), "cb", 2},
		{"absent", hits(.9), "z", 0},
	} {
		wanted := make(map[string]bool)
		for _, r := range c.wanted {
			wanted[string(r)] = true
		}
		if got := rankOf(c.hits, wanted); got != c.want {
			t.Errorf("%s: rank %d, want %d", c.name, got, c.want)
		}
	}
}

func TestRun(t *testing.T) {
	enc := cliptest.New(16)
	st, err := local.Open(t.Context(), local.Options{
		Dir: t.TempDir(), Collection: "c", Mode: store.Create, Model: store.Model{Fingerprint: "f", Dim: 16},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	// A text's own embedding stands for a picture that shows exactly that.
	add := func(path, shows string) {
		v, err := enc.EncodeTexts(t.Context(), []string{shows})
		if err != nil {
			t.Fatal(err)
		}
		rec := store.Record{ID: store.ID("c", path), Path: path, Root: "/p", ContentHash: make([]byte, 32), Vector: v.Row(0)}
		if err := st.Upsert(t.Context(), []store.Record{rec}); err != nil {
			t.Fatal(err)
		}
	}
	add("/p/x/red.jpg", "a red car")
	add("/p/y/red.jpg", "a red flower")
	add("/p/blue.jpg", "a blue car")
	add("/p/green.jpg", "a green tree")
	captions := []Caption{
		{File: "x/red.jpg", Text: "a red car"},
		{File: "y/red.jpg", Text: "A Red Car"},       // the same query: either picture is a hit
		{File: "/p/blue.jpg", Text: "a green tree"},  // not the nearest
		{File: "gone.jpg", Text: "a white elephant"}, // not in the index
		{File: "een.jpg", Text: "a green tree"},      // no whole path element
	}
	got, err := Run(t.Context(), st, enc, captions)
	if err != nil {
		t.Fatal(err)
	}
	if got.Queries != 3 || got.Images != 5 || got.Missing != 2 {
		t.Errorf("%+v", got)
	}
	if math.Abs(got.Recall1-100.0/3) > 1e-9 || math.Abs(got.Recall5-200.0/3) > 1e-9 || got.MRR <= got.Recall1 {
		t.Errorf("%+v", got)
	}
	if _, err := Run(t.Context(), st, enc, captions[3:4]); !errors.Is(err, ErrCaptions) {
		t.Errorf("nothing in the index: %v", err)
	}
}
