package evaluate

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/measure/retrieval"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

const dim = 32

// index is pictures that look like the texts in their names, below folders.
func index(t *testing.T, paths ...string) store.Store {
	t.Helper()
	enc := cliptest.New(dim)
	spec := enc.Spec()
	st, err := local.Open(t.Context(), local.Options{Dir: t.TempDir(), Collection: "c", Mode: store.Create,
		Model: store.Model{Fingerprint: spec.Fingerprint, Name: spec.Name, Precision: spec.Precision, Dim: dim}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	for i, p := range paths {
		name, _, _ := strings.Cut(p[strings.LastIndex(p, "/")+1:], ".")
		v, err := enc.EncodeTexts(t.Context(), []string{name})
		if err != nil {
			t.Fatal(err)
		}
		r := store.Record{ID: store.ID("c", p), Path: p, Root: "/p", Format: "png", Vector: v.Row(0)}
		r.Tags = []store.Tag{{Label: "run made", Source: "run:1"}}
		if i%2 == 0 {
			r.Tags = append(r.Tags, store.Tag{Label: "Even", Source: "file"}, store.Tag{Label: "even", Source: "user"})
		}
		if err := st.Upsert(t.Context(), []store.Record{r}); err != nil {
			t.Fatal(err)
		}
	}
	return st
}

func measure(t *testing.T, s *Set, minimum float32) *Result {
	t.Helper()
	list, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	enc := cliptest.New(dim)
	c, err := zeroshot.Prepare(t.Context(), enc, list, zeroshot.Options{Templates: []string{"{}"}})
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.Vectors()
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Measure(t.Context(), Side{Name: "one", Encoder: enc, Vectors: v, Classifier: c, Minimum: minimum})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFolders(t *testing.T) {
	st := index(t, "/p/2024-05 Red/red.png", "/p/red/red 2.png", "/p/green_/green.png", "/p/green_/blue.png", "/p/2024/red.png", "/p/alone/red.png")
	s, err := FromIndex(t.Context(), st, Folders, Options{Sample: 100})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"green", "red"}, s.Labels); diff != "" || s.Known != 5 || len(s.Pictures) != 5 {
		t.Fatalf("known %d of %d (-want +got):\n%s", s.Known, len(s.Pictures), diff)
	}
	r := measure(t, s, 0)
	// What lies in another folder and looks red comes before what is to be found as "red".
	if r.Retrieval.Queries != 2 || r.Retrieval.Recall1 != 50 || r.Retrieval.Recall5 != 100 || r.Retrieval.MRR != 75 || r.Retrieval.MAP >= 80 || r.Labelling.Positives != 4 {
		t.Errorf("%+v", r.Retrieval)
	}
	// With every label given: 4 of 10 pairs are right.
	if q := r.Labelling.Threshold; q.Precision != 0.4 || q.Recall != 1 || len(r.Misses().Wrong) != 6 {
		t.Errorf("%+v, %d wrong", q, len(r.Misses().Wrong))
	}
	same, labels := r.Compare(measure(t, s, 0))
	if len(same) != 5 || len(labels) != 4 || same[0].Difference.Difference != 0 || same[0].P != 1 {
		t.Errorf("against itself: %+v, %+v", same, labels)
	}
	searching, labels := r.Compare(measure(t, s, 2))
	if searching[4].Difference.Difference != 0 || labels[1].A != 100 || labels[1].B != 0 {
		t.Errorf("with no label given: %+v", labels)
	}
	if _, err := FromIndex(t.Context(), index(t, "/p/1/red.png", "/p/x/green.png"), Folders, Options{Sample: 9}); !errors.Is(err, ErrTruth) {
		t.Errorf("folders of one picture: %v", err)
	}
}

func TestTags(t *testing.T) {
	st := index(t, "/p/a.png", "/p/b.png", "/p/c.png", "/p/d.png")
	s, err := FromIndex(t.Context(), st, Tags, Options{Sample: 100})
	if err != nil || len(s.Pictures) != 2 || len(s.Labels) != 1 || s.Labels[0] != "even" || len(s.Queries[0].Of) != 2 {
		t.Errorf("%+v, %v", s, err)
	}
}

// A sample is the same each time, and no larger than was wanted.
func TestSample(t *testing.T) {
	var paths []string
	for i := range 50 {
		paths = append(paths, fmt.Sprintf("/p/red/%d.png", i))
	}
	st := index(t, paths...)
	var first []string
	for range 2 {
		s, err := FromIndex(t.Context(), st, Folders, Options{Sample: 7})
		if err != nil || len(s.Pictures) != 7 || s.Known != 50 {
			t.Fatalf("%+v, %v", s, err)
		}
		var got []string
		for _, r := range s.Pictures {
			got = append(got, r.Path)
		}
		if first != nil && !cmp.Equal(first, got) {
			t.Errorf("%v, then %v", first, got)
		}
		first = got
	}
}

func TestCaptions(t *testing.T) {
	st := index(t, "/p/red.png", "/p/green.png", "/p/blue.png")
	captions, err := retrieval.ReadCaptions(strings.NewReader("red.png\tred\tred|thing\nblue.png\tRED\ngreen.png\tblue\tgreen\ngone.png\tx\n"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := label.Parse("red,green")
	if err != nil {
		t.Fatal(err)
	}
	s, err := FromCaptions(t.Context(), st, captions, Options{Sample: 9, List: list})
	if err != nil || s.Missing != 1 || len(s.Pictures) != 3 || len(s.Queries) != 2 {
		t.Fatalf("%+v, %v", s, err)
	}
	r := measure(t, s, 0)
	// "red" is found at once, and "blue", which stands for green.png, after blue.png.
	if r.Retrieval.Recall1 != 50 || r.Retrieval.Recall5 != 100 || r.Retrieval.MRR >= 100 || r.Retrieval.MRR < 66 || r.Labelling.Positives != 2 {
		t.Errorf("%+v", r.Retrieval)
	}
	if m := r.Misses().Queries; len(m) != 1 || m[0].Query != "blue" || m[0].Rank < 2 {
		t.Errorf("%+v", m)
	}
	s.Keep([]bool{false, false, false})
	if len(s.Pictures) != 0 || len(s.Queries) != 0 {
		t.Errorf("nothing was to be kept: %+v", s)
	}
	if _, err := FromCaptions(t.Context(), st, captions[3:], Options{Sample: 9}); !errors.Is(err, retrieval.ErrCaptions) {
		t.Errorf("no picture is there: %v", err)
	}
}

// The average precision by hand: a right one at 1 and another somewhere below.
func TestAveragePrecision(t *testing.T) {
	s := &Set{Pictures: make([]store.Record, 4)}
	enc := cliptest.New(dim)
	m, err := enc.EncodeTexts(t.Context(), []string{"red", "red thing", "red thing of a kind", "a blue sea"})
	if err != nil {
		t.Fatal(err)
	}
	values, miss := s.rank(&Query{Text: "red", Of: []int{0, 2}}, m.Row(0), m)
	at := 0 // places of the pictures by nearness: 0 is the first
	for i := 1; i < 4; i++ {
		if vec.Dot(m.Row(0), m.Row(i)) > vec.Dot(m.Row(0), m.Row(2)) {
			at++
		}
	}
	if want := (1 + 2/float64(at+2)) / 2; math.Abs(values[4]-want) > 1e-9 || values[0] != 1 || miss.Rank != 1 {
		t.Errorf("%v, %+v; the second is at %d", values, miss, at+2)
	}
	// What no picture of is told apart from the others comes after them.
	equal, err := enc.EncodeTexts(t.Context(), []string{"red", "red", "red", "red"})
	if err != nil {
		t.Fatal(err)
	}
	if _, miss := s.rank(&Query{Text: "red", Of: []int{0}}, equal.Row(0), equal); miss.Rank != 4 {
		t.Errorf("found by luck: %+v", miss)
	}
}
