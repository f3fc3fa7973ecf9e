package zeroshot

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/vec"
)

const testDim = 32

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
		records[i] = store.Record{ID: store.ID("test", path), Path: path, Root: "/p", Format: "jpeg", Vector: picture(t, rng)}
		records[i].Tags = []store.Tag{{Label: "mine", Source: "user"}}
	}
	if err := st.Upsert(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	return st
}

// picture is the embedding of a picture between two colours, as the fake model's
// texts name them.
func picture(t *testing.T, rng *rand.Rand) []float32 {
	t.Helper()
	colours := []string{"red", "green", "blue", "white", "black", "yellow"}
	m, err := cliptest.New(testDim).EncodeTexts(t.Context(), []string{
		colours[rng.IntN(len(colours))], colours[rng.IntN(len(colours))], fmt.Sprint(rng.Uint64()),
	})
	if err != nil {
		t.Fatal(err)
	}
	v := make([]float32, testDim)
	for i := range v {
		v[i] = m.Row(0)[i] + rng.Float32()*m.Row(1)[i] + 0.3*m.Row(2)[i]
	}
	if err := vec.Normalize(v); err != nil {
		t.Fatal(err)
	}
	return v
}

// mixedList has open labels, two groups, and a label with a threshold of its own.
func mixedList(t *testing.T) *List {
	return mustList(t,
		Label{Name: "Red Car"}, Label{Name: "green leaf"}, Label{Name: "blue sky", Threshold: 0.9},
		Label{Name: "white wall"}, Label{Name: "nothing that is there"},
		Label{Name: "black", Group: "tone"}, Label{Name: "yellow", Group: "tone"}, Label{Name: "grey", Group: "tone"},
		Label{Name: "green", Group: "colour"}, Label{Name: "blue", Group: "colour"},
	)
}

func prepare(t *testing.T, list *List, o Options) *Classifier {
	t.Helper()
	if o.Bank == nil {
		o.Bank = []string{"a red thing", "a green thing", "something", "a table", "an orange"}
	}
	if o.Calibration == nil {
		o.Calibration = BankSoftmax{Scale: 8, Breadth: 0.5, Gain: 1, Offset: 0.5}
	}
	c, err := Prepare(t.Context(), cliptest.New(testDim), list, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func collect(t *testing.T, c *Classifier, st store.Store, o TagOptions) []Result {
	t.Helper()
	var out []Result
	for r, err := range c.TagImages(t.Context(), st, o) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// naive chooses the labels of a picture out of all its scores.
func naive(c *Classifier, scores []Score, top int, minimum float32) []Score {
	var out, open []Score
	best := make(map[int]Score)
	for _, s := range scores {
		g := c.groupOf[s.Label]
		if g < 0 {
			open = append(open, s)
		} else if b, ok := best[g]; !ok || s.Probability > b.Probability {
			best[g] = s
		}
	}
	slices.SortStableFunc(open, func(a, b Score) int {
		x, y := a.Cosine+c.shifts[a.Label], b.Cosine+c.shifts[b.Label]
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return a.Label - b.Label
	})
	out = append(out, open[:min(top, len(open))]...)
	for _, s := range best {
		out = append(out, s)
	}
	out = slices.DeleteFunc(out, func(s Score) bool { return !c.enough(s, minimum) })
	slices.SortFunc(out, moreProbable)
	return out[:min(top, len(out))]
}

func TestTagImages(t *testing.T) {
	st := newIndex(t, 300)
	c := prepare(t, mixedList(t), Options{})
	given := 0
	for _, top := range []int{1, 2, 5, 100} {
		for _, minimum := range []float32{0, 0.3, 0.6} {
			got := collect(t, c, st, TagOptions{Top: top, MinProbability: minimum, Source: "run:x"})
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
				scores, err := c.Score(t.Context(), m)
				if err != nil {
					t.Fatal(err)
				}
				want := []store.Tag{}
				for _, s := range naive(c, scores[0], top, minimum) {
					want = append(want, c.tag(s, "run:x"))
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

// A run that stops anywhere and goes on after its last picture gives the tags of one
// that was left alone.
func TestTagImagesGoesOn(t *testing.T) {
	st := newIndex(t, 60)
	c := prepare(t, mixedList(t), Options{})
	o := TagOptions{Top: 3, MinProbability: 0.2, Source: "run:x"}
	whole := collect(t, c, st, o)
	for stop := range 60 {
		var got []Result
		for r, err := range c.TagImages(t.Context(), st, o) {
			if err != nil {
				t.Fatal(err)
			}
			if len(got) == stop {
				break
			}
			got = append(got, r)
		}
		rest := o
		if stop > 0 {
			rest.After = got[stop-1].Record.ID
		}
		got = append(got, collect(t, c, st, rest)...)
		if diff := cmp.Diff(whole, got); diff != "" {
			t.Fatalf("stopped after %d (-want +got):\n%s", stop, diff)
		}
	}
	skipped := o
	skipped.Skip = func(r *store.Record) bool { return r.ID != whole[7].Record.ID }
	if diff := cmp.Diff(whole[7:8], collect(t, c, st, skipped)); diff != "" {
		t.Errorf("all but one skipped (-want +got):\n%s", diff)
	}
}

func TestTagImagesCancelled(t *testing.T) {
	st := newIndex(t, 20)
	c := prepare(t, mixedList(t), Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	n := 0
	for _, err := range c.TagImages(ctx, st, TagOptions{Top: 1}) {
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
	c := prepare(t, mixedList(t), Options{})
	var last error
	for _, err := range c.TagImages(t.Context(), failingScan{newIndex(t, 20)}, TagOptions{Top: 1}) {
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
	c := prepare(t, mixedList(t), Options{})
	type key struct{ id, label string }
	byImage, byLabel := map[key]store.Tag{}, map[key]store.Tag{}
	o := TagOptions{Top: 200, MinProbability: 0.25, Source: "run:x"}
	for _, r := range collect(t, c, st, o) {
		for _, tag := range r.Tags {
			byImage[key{r.Record.ID, tag.Label}] = tag
		}
	}
	next := 0
	for r, err := range c.TagLabels(t.Context(), st, o) {
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
	c, err := Prepare(t.Context(), other.WithSpec(func(s *clip.Spec) { s.Fingerprint = "another" }), mixedList(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range c.TagImages(t.Context(), st, TagOptions{Top: 1}) {
		if !errors.Is(err, ErrModel) {
			t.Errorf("another model: %v", err)
		}
	}
	for _, err := range c.TagLabels(t.Context(), st, TagOptions{Top: 1}) {
		if !errors.Is(err, ErrModel) {
			t.Errorf("another model: %v", err)
		}
	}
	for _, err := range prepare(t, mixedList(t), Options{}).TagImages(t.Context(), st, TagOptions{}) {
		if err == nil {
			t.Error("no tags a picture were accepted")
		}
	}
}

func TestTagEmptyIndex(t *testing.T) {
	st := newIndex(t, 0)
	c := prepare(t, mixedList(t), Options{})
	if got := collect(t, c, st, TagOptions{Top: 1}); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	for r, err := range c.TagLabels(t.Context(), st, TagOptions{Top: 1}) {
		if err != nil || len(r.Hits) != 0 {
			t.Errorf("got %v, %v", r, err)
		}
	}
}
