package review_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/store/storetest"
	"github.com/sightline/sightline/internal/tagging"
	"github.com/sightline/sightline/internal/tagging/corrections"
	"github.com/sightline/sightline/internal/tagging/review"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

const dim = 16

type world struct {
	store      store.Store
	classifier *zeroshot.Classifier
	docs       storetest.Documents
	desk       *corrections.Desk
	// shows says of each picture, by id, whether it shows what a person means by "red": it
	// is not what the model means by it.
	shows map[string]bool
}

func (w *world) service() *review.Service {
	return review.New(w.store, w.classifier, w.docs, w.desk, 0.3)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	spec := cliptest.New(dim).Spec()
	st, err := local.Open(t.Context(), local.Options{Dir: t.TempDir(), Collection: "default", Mode: store.Create,
		Model: store.Model{Fingerprint: spec.Fingerprint, Name: spec.Name, Precision: spec.Precision, Pixels: "exact", Dim: dim}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	w := &world{store: st, docs: storetest.Documents{}, shows: make(map[string]bool)}
	rng := rand.New(rand.NewPCG(5, 5))
	records := make([]store.Record, 400)
	for i := range records {
		v := make([]float32, dim)
		for j := range v {
			v[j] = float32(rng.NormFloat64())
		}
		if err := vec.Normalize(v); err != nil {
			t.Fatal(err)
		}
		path := fmt.Sprintf("/p/%03d.jpg", i)
		hash := make([]byte, 32)
		hash[0], hash[1] = byte(i), byte(i>>8)
		records[i] = store.Record{ID: store.ID("default", path), Path: path, Root: "/p", Format: "jpeg", ContentHash: hash, Vector: v}
		w.shows[records[i].ID] = v[3] > 0
	}
	if err := st.Upsert(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	list, err := label.Parse("red,green,the sea")
	if err != nil {
		t.Fatal(err)
	}
	if w.classifier, err = zeroshot.Prepare(t.Context(), cliptest.New(dim), list, zeroshot.Options{
		Calibration: zeroshot.BackgroundSoftmax{Scale: 10, Gain: 1, Offset: 4},
	}); err != nil {
		t.Fatal(err)
	}
	w.desk = corrections.NewDesk(corrections.Open(w.docs), st, "", func() time.Time { return time.Unix(1e9, 0) })
	return w
}

// right is the share of pictures of which "red" is said rightly.
func (w *world) right(t *testing.T) float64 {
	t.Helper()
	learned, err := tagging.Learn(t.Context(), w.store, w.classifier, w.desk.Book, 0.3)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for r, err := range tagging.TagImages(t.Context(), w.store, learned.Classifier, tagging.WalkOptions{Top: 3, MinProbability: 0.3, Source: "run:1", Verdicts: learned.Verdicts}) {
		if err != nil {
			t.Fatal(err)
		}
		given := slices.ContainsFunc(r.Tags, func(tag store.Tag) bool { return tag.Label == "red" })
		if given == w.shows[r.Record.ID] {
			n++
		}
	}
	return float64(n) / float64(len(w.shows))
}

func TestSessionLearns(t *testing.T) {
	w := newWorld(t)
	before := w.right(t)
	x, err := w.service().Start(t.Context(), review.Options{Labels: []int{0}, PerLabel: 40})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	answer := func(n int) {
		for range n {
			q, ok := x.Next()
			if !ok || q.Label != "red" || seen[q.Picture.ID] {
				t.Fatalf("%+v, %v", q, ok)
			}
			seen[q.Picture.ID] = true
			v := corrections.Rejected
			if w.shows[q.Picture.ID] {
				v = corrections.Approved
			}
			if _, err := x.Answer(t.Context(), v); err != nil {
				t.Fatal(err)
			}
		}
	}
	answer(20)
	// A session that was ended goes on: nothing is asked twice.
	if x, err = w.service().Start(t.Context(), review.Options{Labels: []int{0}, PerLabel: 20}); err != nil {
		t.Fatal(err)
	}
	answer(20)
	if q, ok := x.Next(); ok {
		t.Errorf("more than was wanted: %+v", q)
	}
	if after := w.right(t); after < before+0.1 {
		t.Errorf("right before %.2f, after %.2f", before, after)
	}
	effects, err := w.service().Report(t.Context(), x.Answered())
	if err != nil || len(effects) != 1 {
		t.Fatal(effects, err)
	}
	e := effects[0]
	if e.Label != "red" || e.Approved+e.Rejected != 40 || e.Added == 0 || e.Before != 0.3 || e.After == 0.3 || len(e.Gains) == 0 {
		t.Errorf("%+v", e)
	}
}

func TestSkipUndo(t *testing.T) {
	w := newWorld(t)
	x, err := w.service().Start(t.Context(), review.Options{PerLabel: 5})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Answer(t.Context(), corrections.Approved); err == nil {
		t.Error("answered without a question")
	}
	if _, ok, err := x.Undo(t.Context()); ok || err != nil {
		t.Errorf("undone: %v, %v", ok, err)
	}
	first, _ := x.Next()
	if _, err := x.Answer(t.Context(), corrections.Approved); err != nil {
		t.Fatal(err)
	}
	second, _ := x.Next()
	if second.Label == first.Label {
		t.Error("the label with an answer comes before those without")
	}
	if err := x.Skip(); err != nil {
		t.Fatal(err)
	}
	if q, _ := x.Next(); q.Picture.ID == second.Picture.ID && q.Label == second.Label {
		t.Error("asks again what was skipped")
	}
	if q, ok, err := x.Undo(t.Context()); !ok || err != nil || q.Picture.ID != second.Picture.ID {
		t.Errorf("undo of a skip: %+v, %v, %v", q, ok, err)
	}
	if q, ok, err := x.Undo(t.Context()); !ok || err != nil || q.Picture.ID != first.Picture.ID || len(w.docs) != 0 {
		t.Errorf("undo of an answer: %+v, %v, %v, %d documents", q, ok, err, len(w.docs))
	}
	if _, err := x.Answer(t.Context(), corrections.Rejected); err != nil {
		t.Fatal(err)
	}
	l, err := w.desk.Of(t.Context(), first.Label)
	if err != nil || len(l.Corrections) != 1 || l.Corrections[0].Verdict != corrections.Rejected {
		t.Errorf("%+v, %v", l, err)
	}
}

// An effect is what a run would change, and changes nothing itself.
func TestEffect(t *testing.T) {
	w := newWorld(t)
	id := store.ID("default", "/p/007.jpg")
	one := float32(0.9999)
	e, err := w.service().Effect(t.Context(), review.Proposal{Label: "RED", Threshold: &one, Verdicts: map[string]corrections.Verdict{id: corrections.Approved}})
	if err != nil || e.Approved != 1 || e.Given == 0 || e.Removed == 0 {
		t.Errorf("%+v, %v", e, err)
	}
	if len(w.docs) != 0 {
		t.Error("something was kept")
	}
	if r, err := w.store.Get(t.Context(), []string{id}); err != nil || len(r[0].Tags) != 0 {
		t.Errorf("a tag was written: %+v, %v", r, err)
	}
	if err := w.service().Apply(t.Context(), review.Proposal{Label: "red", Threshold: &one}); err != nil || len(w.docs) != 1 {
		t.Errorf("%v, %d documents", err, len(w.docs))
	}
	none := float32(0)
	back, err := w.service().Effect(t.Context(), review.Proposal{Label: "red", Threshold: &none})
	if err != nil || back.Added != e.Removed+1 && back.Added != e.Removed || back.Before != one || back.After != 0.3 {
		t.Errorf("taken back: %+v, %v", back, err)
	}
	if _, err := w.service().Effect(t.Context(), review.Proposal{Label: "blue"}); !errors.Is(err, review.ErrLabel) {
		t.Errorf("a label that is not in the list: %v", err)
	}
	if _, err := w.service().Effect(t.Context(), review.Proposal{Label: "red", Verdicts: map[string]corrections.Verdict{"0": corrections.Approved}}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a picture that is not in the index: %v", err)
	}
}

// Labels of exclusive groups have no threshold of their own: a session goes on without
// them, and says so.
func TestGroupedLabels(t *testing.T) {
	w := newWorld(t)
	prepare := func(labels ...label.Label) {
		list, err := label.NewList("mine.yaml", labels)
		if err != nil {
			t.Fatal(err)
		}
		if w.classifier, err = zeroshot.Prepare(t.Context(), cliptest.New(dim), list, zeroshot.Options{
			Calibration: zeroshot.BackgroundSoftmax{Scale: 10, Gain: 1, Offset: 4},
		}); err != nil {
			t.Fatal(err)
		}
	}
	day, night := label.Label{Name: "day", Group: "time"}, label.Label{Name: "night", Group: "time"}
	prepare(day, label.Label{Name: "red"}, night)
	x, err := w.service().Start(t.Context(), review.Options{PerLabel: 5})
	if err != nil {
		t.Fatal(err)
	}
	if got := x.Passed(); !slices.Equal(got, []string{"day", "night"}) {
		t.Errorf("passed: %q", got)
	}
	for range 5 {
		if q, ok := x.Next(); !ok || q.Label != "red" {
			t.Fatalf("asked: %+v, %v", q, ok)
		}
		if _, err := x.Answer(t.Context(), corrections.Rejected); err != nil {
			t.Fatal(err)
		}
	}
	if q, ok := x.Next(); ok {
		t.Errorf("asked about a label of a group: %+v", q)
	}
	if _, err := w.service().Start(t.Context(), review.Options{Labels: []int{2}, PerLabel: 5}); !errors.Is(err, review.ErrGrouped) || !strings.Contains(err.Error(), `"night"`) {
		t.Errorf("a label that was named: %v", err)
	}
	prepare(day, night)
	if _, err := w.service().Start(t.Context(), review.Options{PerLabel: 5}); !errors.Is(err, review.ErrGrouped) || !strings.Contains(err.Error(), "mine.yaml") {
		t.Errorf("groups alone: %v", err)
	}
}
