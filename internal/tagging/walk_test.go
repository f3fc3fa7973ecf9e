package tagging

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

const testDim = 32

func mustList(t testing.TB, labels ...label.Label) *label.List {
	t.Helper()
	l, err := label.NewList("test", labels)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// newIndex fills a store with n pictures of mixed colours.
func newIndex(t *testing.T, n int) store.Store {
	t.Helper()
	st, err := local.Open(t.Context(), local.Options{
		Dir: t.TempDir(), Collection: "test", Mode: store.Create,
		Model: store.Model{Fingerprint: cliptest.New(testDim).Spec().Fingerprint, Name: "fake", Precision: "fp32", Pixels: "exact", Dim: testDim},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	rng := rand.New(rand.NewPCG(7, 1))
	records := make([]store.Record, n)
	for i := range records {
		path := fmt.Sprintf("/p/%03d.jpg", i)
		records[i] = store.Record{ID: store.ID("test", path), Path: path, Root: "/p", Format: "jpeg", Vector: cliptest.Picture(t, rng, testDim)}
		records[i].Tags = []store.Tag{{Label: "mine", Source: "user"}}
	}
	if err := st.Upsert(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	return st
}

// mixedList has open labels, two groups, and a label with a threshold of its own.
func mixedList(t *testing.T) *label.List {
	return mustList(t,
		label.Label{Name: "Red Car"}, label.Label{Name: "green leaf"}, label.Label{Name: "blue sky", Threshold: 0.9},
		label.Label{Name: "white wall"}, label.Label{Name: "nothing that is there"},
		label.Label{Name: "black", Group: "tone"}, label.Label{Name: "yellow", Group: "tone"}, label.Label{Name: "grey", Group: "tone"},
		label.Label{Name: "green", Group: "colour"}, label.Label{Name: "blue", Group: "colour"},
	)
}

func prepare(t *testing.T, list *label.List, o zeroshot.Options) *zeroshot.Classifier {
	t.Helper()
	if o.Background == nil {
		o.Background = []string{"a red thing", "a green thing", "something", "a table", "an orange"}
	}
	if o.Calibration == nil {
		o.Calibration = zeroshot.BackgroundSoftmax{Scale: 8, Breadth: 0.5, Gain: 1, Offset: 0.5}
	}
	c, err := zeroshot.Prepare(t.Context(), cliptest.New(testDim), list, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func collect(t *testing.T, c *zeroshot.Classifier, st store.Store, o WalkOptions) []Result {
	t.Helper()
	var out []Result
	for r, err := range TagImages(t.Context(), st, c, o) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func TestTagImages(t *testing.T) {
	st := newIndex(t, 300)
	c := prepare(t, mixedList(t), zeroshot.Options{})
	given := 0
	for _, top := range []int{1, 2, 5, 100} {
		for _, minimum := range []float32{0, 0.3, 0.6} {
			got := collect(t, c, st, WalkOptions{Top: top, MinProbability: minimum, Source: "run:x"})
			if len(got) != 300 {
				t.Fatalf("%d pictures", len(got))
			}
			for i, r := range got {
				records, err := st.Get(t.Context(), []string{r.Record.ID})
				if err != nil {
					t.Fatal(err)
				}
				m, err := vec.FromRows(records[0].Vector)
				if err != nil {
					t.Fatal(err)
				}
				best, err := c.Best(t.Context(), m, top, minimum)
				if err != nil {
					t.Fatal(err)
				}
				want := []store.Tag{}
				for _, s := range best[0] {
					want = append(want, store.Tag{Label: c.List().Labels[s.Label].Name, Source: "run:x", Score: s.Cosine, Probability: s.Probability})
				}
				near := cmp.Comparer(func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-6 })
				if diff := cmp.Diff(want, r.Tags, near); diff != "" {
					t.Fatalf("top %d, minimum %v, picture %d (-want +got):\n%s", top, minimum, i, diff)
				}
				if r.Record.Vector != nil || len(r.Record.Tags) != 1 || (i > 0 && got[i-1].Record.ID >= r.Record.ID) {
					t.Fatalf("picture %d: %+v", i, r.Record)
				}
				given += len(want)
			}
		}
	}
	if given < 1000 {
		t.Errorf("only %d tags were compared", given)
	}
}

// Pictures that are done come in their places, with the tags that they have.
func TestTagImagesDone(t *testing.T) {
	st := newIndex(t, 60)
	c := prepare(t, mixedList(t), zeroshot.Options{})
	o := WalkOptions{Top: 3, MinProbability: 0.2, Source: "run:x"}
	whole := collect(t, c, st, o)
	tags := make(map[string][]store.Tag)
	for _, r := range whole {
		tags[r.Record.ID] = r.Tags
	}
	if err := st.SetTags(t.Context(), "run:x", tags); err != nil {
		t.Fatal(err)
	}
	for _, every := range []int{1, 2, 7, 61} {
		n := 0
		partly := o
		partly.Done = func(*store.Record) bool { n++; return n%every == 0 }
		got := collect(t, c, st, partly)
		for i := range got {
			if got[i].Done != ((i+1)%every == 0) {
				t.Fatalf("every %d: picture %d is done: %v", every, i, got[i].Done)
			}
			if diff := cmp.Diff(whole[i].Tags, got[i].Tags, cmpopts.EquateEmpty()); diff != "" || got[i].Record.ID != whole[i].Record.ID {
				t.Fatalf("every %d, picture %d (-whole +got):\n%s", every, i, diff)
			}
		}
	}
	// Whoever has enough of it stops it.
	for range TagImages(t.Context(), st, c, o) {
		break
	}
}

func TestTagImagesCancelled(t *testing.T) {
	st := newIndex(t, 20)
	c := prepare(t, mixedList(t), zeroshot.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	n := 0
	for _, err := range TagImages(ctx, st, c, WalkOptions{Top: 1}) {
		last = err
		n++
	}
	if n != 1 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d results, the last with %v", n, last)
	}
}

type failingScan struct{ store.Store }

var errScan = errors.New("the disk is on fire")

func (f failingScan) Scan(ctx context.Context, _ store.Filter, _ store.Fields) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		n := 0
		for r, err := range f.Store.Scan(ctx, nil, store.Fields{Vectors: true}) {
			if n++; n > 10 {
				yield(store.Record{}, errScan)
				return
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func TestTagImagesFailingStore(t *testing.T) {
	c := prepare(t, mixedList(t), zeroshot.Options{})
	var last error
	for _, err := range TagImages(t.Context(), failingScan{newIndex(t, 20)}, c, WalkOptions{Top: 1}) {
		last = err
	}
	if !errors.Is(last, errScan) {
		t.Errorf("the last error is %v", last)
	}
}

// Both directions agree: with room for everything, a picture has a label in one
// exactly where it has it in the other.
func TestTagLabelsAgreesWithTagImages(t *testing.T) {
	st := newIndex(t, 200)
	c := prepare(t, mixedList(t), zeroshot.Options{})
	type key struct{ id, label string }
	byImage, byLabel := map[key]store.Tag{}, map[key]store.Tag{}
	o := WalkOptions{Top: 200, MinProbability: 0.25, Source: "run:x"}
	for _, r := range collect(t, c, st, o) {
		for _, tag := range r.Tags {
			byImage[key{r.Record.ID, tag.Label}] = tag
		}
	}
	next := 0
	for r, err := range TagLabels(t.Context(), st, c, o) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Label != next {
			t.Fatalf("label %d came as number %d", r.Label, next)
		}
		next++
		for i, h := range r.Hits {
			byLabel[key{h.Record.ID, h.Tag.Label}] = h.Tag
			if i > 0 && h.Tag.Probability > r.Hits[i-1].Tag.Probability {
				t.Errorf("hit %d of label %d is more probable than the one before", i, r.Label)
			}
		}
	}
	if next != len(c.List().Labels) || len(byImage) < 100 {
		t.Fatalf("%d labels, %d tags", next, len(byImage))
	}
	near := cmp.Comparer(func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-6 })
	if diff := cmp.Diff(byImage, byLabel, near); diff != "" {
		t.Errorf("per image and per label differ (-image +label):\n%s", diff)
	}
}

func TestTagRefuses(t *testing.T) {
	st := newIndex(t, 3)
	other := cliptest.New(testDim)
	c, err := zeroshot.Prepare(t.Context(), other.WithSpec(func(s *clip.Spec) { s.Fingerprint = "another" }), mixedList(t), zeroshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range TagImages(t.Context(), st, c, WalkOptions{Top: 1}) {
		if !errors.Is(err, ErrModel) {
			t.Errorf("another model: %v", err)
		}
	}
	for _, err := range TagLabels(t.Context(), st, c, WalkOptions{Top: 1}) {
		if !errors.Is(err, ErrModel) {
			t.Errorf("another model: %v", err)
		}
	}
	for _, err := range TagImages(t.Context(), st, prepare(t, mixedList(t), zeroshot.Options{}), WalkOptions{}) {
		if err == nil {
			t.Error("no tags a picture were accepted")
		}
	}
}

func TestTagEmptyIndex(t *testing.T) {
	st := newIndex(t, 0)
	c := prepare(t, mixedList(t), zeroshot.Options{})
	if got := collect(t, c, st, WalkOptions{Top: 1}); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	for r, err := range TagLabels(t.Context(), st, c, WalkOptions{Top: 1}) {
		if err != nil || len(r.Hits) != 0 {
			t.Errorf("got %v, %v", r, err)
		}
	}
}

func TestLintIndex(t *testing.T) {
	st := newIndex(t, 100)
	c := prepare(t, mustList(t, label.Label{Name: "red"}, label.Label{Name: "everything", Threshold: 1e-9}, label.Label{Name: "nothing", Threshold: 1}),
		zeroshot.Options{Templates: []string{"{}"}})
	got, err := lintIndex(t.Context(), st, c, 0.6)
	if err != nil {
		t.Fatal(err)
	}
	var kinds [][2]string
	for _, f := range got {
		kinds = append(kinds, [2]string{string(f.Problem), f.Label})
	}
	if diff := cmp.Diff([][2]string{{"hub", "everything"}, {"nothing", "nothing"}}, kinds); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestMeasureHubness(t *testing.T) {
	st := newIndex(t, 50)
	c := prepare(t, mustList(t, label.Label{Name: "red"}, label.Label{Name: "red car"}, label.Label{Name: "a red thing"}), zeroshot.Options{})
	h, err := MeasureHubness(t.Context(), st, c, WalkOptions{Top: 5})
	if err != nil {
		t.Fatal(err)
	}
	if h.Pictures != 50 || h.Labels != 3 || len(h.Hubs) == 0 || h.Hubs[0].Labels < 2 || h.Skewness < 1 {
		t.Errorf("%+v", h)
	}
	// By hand: 0, 0, 0, 4 have mean 1, variance 3 and third moment 6.
	if got, want := skewness([]int{4}, 4), 6/math.Pow(3, 1.5); math.Abs(got-want) > 1e-12 {
		t.Errorf("skewness %v, want %v", got, want)
	}
	if got := skewness([]int{2, 2}, 2); got != 0 {
		t.Errorf("skewness of equal numbers is %v", got)
	}
}

// Corrected or not, no label gets more pictures than were asked for, and corrected
// ones are the most probable of all.
func TestCorrectHubness(t *testing.T) {
	st := newIndex(t, 16)
	c := prepare(t, mustList(t, label.Label{Name: "red"}, label.Label{Name: "blue"}), zeroshot.Options{})
	best := func(o WalkOptions) map[string]float32 {
		out := make(map[string]float32)
		for r, err := range TagLabels(t.Context(), st, c, o) {
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Hits) > o.Top {
				t.Errorf("%d pictures", len(r.Hits))
			}
			for _, h := range r.Hits {
				out[h.Tag.Label+h.Record.ID] = h.Tag.Probability
			}
		}
		return out
	}
	all := best(WalkOptions{Top: 16})
	for key, p := range best(WalkOptions{Top: 4, CorrectHubness: true}) {
		better := 0
		for other, q := range all {
			if other[:3] == key[:3] && q > p {
				better++
			}
		}
		if better >= 4 {
			t.Errorf("%s is chosen with %v, %d are more probable", key, p, better)
		}
	}
}

func TestLint(t *testing.T) {
	c := prepare(t, mustList(t, label.Label{Name: "red car"}, label.Label{Name: "red dress"}, label.Label{Name: "nothing", Threshold: 1}),
		zeroshot.Options{Templates: []string{"{}"}})
	alone, err := Lint(t.Context(), nil, c, 0)
	if err != nil || len(alone) != 1 || alone[0].Problem != label.ProblemSynonym {
		t.Errorf("without an index: %+v, %v", alone, err)
	}
	all, err := Lint(t.Context(), newIndex(t, 30), c, 0)
	if err != nil || len(all) < 2 || all[0] != alone[0] || all[len(all)-1].Problem != label.ProblemNothing {
		t.Errorf("with an index: %+v, %v", all, err)
	}
}
