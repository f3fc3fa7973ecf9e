package corrections_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/store/storetest"
	"github.com/sightline/sightline/internal/tagging/corrections"
	"github.com/sightline/sightline/internal/vec"
)

func openIndex(t *testing.T) store.Store {
	t.Helper()
	st, err := local.Open(t.Context(), local.Options{Dir: t.TempDir(), Collection: "c", Mode: store.Create, Model: store.Model{Fingerprint: "f", Name: "m", Dim: 4}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	record := func(name, content string, tags ...store.Tag) store.Record {
		r := store.Record{ID: store.ID("c", "/p/"+name), Path: "/p/" + name, Root: "/p", Format: "png", Vector: []float32{1, 0, 0, 0}, Tags: tags}
		if content != "" {
			r.ContentHash = make([]byte, 32)
			copy(r.ContentHash, content)
		}
		return r
	}
	err = st.Upsert(t.Context(), []store.Record{
		record("a.png", "a", store.Tag{Label: "Beach", Source: "run:1", Probability: 0.5}, store.Tag{Label: "sea", Source: "run:1", Probability: 0.4}),
		record("copy.png", "a", store.Tag{Label: "beach", Source: "run:2", Probability: 0.5}),
		record("b.png", "b", store.Tag{Label: "beach", Source: "file"}, store.Tag{Label: "x", Source: "user"}),
		record("nohash.png", ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func tagsOf(t *testing.T, st store.Store, name string) []string {
	t.Helper()
	r, err := st.Get(t.Context(), []string{store.ID("c", "/p/"+name)})
	if err != nil || len(r) != 1 {
		t.Fatalf("%s: %v, %v", name, r, err)
	}
	out := []string{}
	for _, tag := range r[0].Tags {
		out = append(out, tag.Source+" "+tag.Label)
	}
	slices.Sort(out)
	return out
}

func TestSay(t *testing.T) {
	st, docs := openIndex(t), storetest.Documents{}
	now := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	d := corrections.NewDesk(corrections.Open(docs), st, "anna", func() time.Time { return now })
	get := func(name string) *store.Record {
		r, err := st.Get(t.Context(), []string{store.ID("c", "/p/"+name)})
		if err != nil || len(r) != 1 {
			t.Fatal(r, err)
		}
		return &r[0]
	}
	say := func(label, name string, v corrections.Verdict) corrections.Outcome {
		t.Helper()
		o, err := d.Say(t.Context(), label, get(name), v)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	if o := say("beach", "a.png", corrections.Rejected); o != (corrections.Outcome{Pictures: 2}) {
		t.Errorf("rejected: %+v", o)
	}
	for name, want := range map[string][]string{"a.png": {"run:1 sea"}, "copy.png": {}, "b.png": {"file beach", "user x"}} {
		if diff := cmp.Diff(want, tagsOf(t, st, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if o := say("BEACH", "b.png", corrections.Rejected); !o.InFile || o.Pictures != 1 {
		t.Errorf("in the file: %+v", o)
	}
	if o := say("Beach", "a.png", corrections.Approved); o.Before != corrections.Rejected {
		t.Errorf("the other way round: %+v", o)
	}
	say("beach", "nohash.png", corrections.Approved)
	for name, want := range map[string][]string{"a.png": {"run:1 sea", "user beach"}, "copy.png": {"user beach"}, "nohash.png": {"user beach"}} {
		if diff := cmp.Diff(want, tagsOf(t, st, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	l, err := d.Of(t.Context(), "bEACH")
	if err != nil || l.Name != "beach" || len(l.Corrections) != 3 {
		t.Fatalf("%+v, %v", l, err)
	}
	want := corrections.Correction{
		Picture: store.ID("c", "/p/a.png"), Content: "61" + strings.Repeat("00", 31), Path: "/p/a.png",
		Verdict: corrections.Approved, Model: "f", By: "anna", At: now,
	}
	if diff := cmp.Diff(want, l.Corrections[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if o := say("beach", "copy.png", ""); o.Before != corrections.Approved {
		t.Errorf("taken back by its copy: %+v", o)
	}
	if diff := cmp.Diff([]string{"run:1 sea"}, tagsOf(t, st, "a.png")); diff != "" {
		t.Errorf("taken back (-want +got):\n%s", diff)
	}
	if err := d.Limit(t.Context(), "dog", 0.5); err != nil {
		t.Fatal(err)
	}
	labels, err := d.Labels(t.Context())
	if err != nil || len(labels) != 2 || labels[0].Name != "beach" || labels[1].Threshold.Probability != 0.5 {
		t.Errorf("%+v, %v", labels, err)
	}
	if err := d.SetThreshold(t.Context(), "DOG", nil); err != nil || len(docs) != 1 {
		t.Errorf("a label of which nothing is left: %v, %d documents", err, len(docs))
	}
	for _, bad := range []func() error{
		func() error { _, err := d.Say(t.Context(), " ", get("a.png"), corrections.Approved); return err },
		func() error { _, err := d.Say(t.Context(), "x", get("a.png"), "perhaps"); return err },
		func() error { return d.Limit(t.Context(), "x", 1.5) },
		func() error { return d.Limit(t.Context(), "x", float32(math.NaN())) },
	} {
		if err := bad(); !errors.Is(err, corrections.ErrLabel) {
			t.Errorf("accepted: %v", err)
		}
	}
}

func TestDamagedDocuments(t *testing.T) {
	for name, data := range map[string]string{
		"no JSON": "{", "another version": `{"version":2,"label":"x"}`, "no label": `{"version":1}`,
		"a verdict of another kind": `{"version":1,"label":"x","corrections":[{"picture":"a","verdict":"maybe"}]}`,
		"twice":                     `{"version":1,"label":"x","corrections":[{"picture":"a","verdict":"approved"},{"picture":"a","verdict":"rejected"}]}`,
		"a threshold of 7":          `{"version":1,"label":"x","threshold":{"probability":7}}`,
	} {
		b := corrections.Open(storetest.Documents{"corrections/00": []byte(data)})
		if l, err := b.Labels(t.Context()); !errors.Is(err, corrections.ErrDamaged) {
			t.Errorf("%s: %v, %v", name, l, err)
		}
	}
}

func unit(t *testing.T, x ...float32) []float32 {
	t.Helper()
	if err := vec.Normalize(x); err != nil {
		t.Fatal(err)
	}
	return x
}

func TestLearn(t *testing.T) {
	if f := corrections.Learn(nil, corrections.DefaultPrior); f.Offset != 0 || f.Direction != nil {
		t.Errorf("of nothing: %+v", f)
	}
	v := unit(t, 1, 1, 0, 0)
	offset := corrections.Prior{Offset: 1}
	alike := func(n int, approved bool) []corrections.Example {
		return slices.Repeat([]corrections.Example{{LogOdds: -1, Vector: v, Approved: approved}}, n)
	}
	// Forty of one kind count in full: the mode of -40*log(1+exp(-(b-1))) - b*b/2 is where
	// b = 40*(1-p(b)). One has a fortieth of the standard deviation: b = (1-p(b))/1600.
	forty := corrections.Learn(alike(40, true), offset)
	if p := 1 / (1 + math.Exp(-(forty.Offset - 1))); math.Abs(forty.Offset-40*(1-p)) > 1e-6 {
		t.Errorf("forty approved: %v", forty.Offset)
	}
	one := corrections.Learn(alike(1, true), offset)
	if p := 1 / (1 + math.Exp(-(one.Offset - 1))); math.Abs(one.Offset-(1-p)/1600) > 1e-9 {
		t.Errorf("one approved: %v", one.Offset)
	}
	// A few that were rejected say little of the others, and nothing holds them back where
	// another one was approved.
	few := corrections.Learn(alike(3, false), corrections.DefaultPrior)
	both := corrections.Learn(append(alike(3, false), alike(1, true)...), corrections.DefaultPrior)
	many40 := corrections.Learn(alike(40, false), corrections.DefaultPrior)
	answered := alike(3, false)
	for i := range answered {
		answered[i].Asked = true
	}
	if f := corrections.Learn(answered, corrections.DefaultPrior); f.Offset > 10*few.Offset {
		t.Errorf("3 answers of no: %v, and %v of what a person chose", f.Offset, few.Offset)
	}
	if few.Offset >= 0 || few.Offset < -0.1 || math.Abs(both.Offset) < math.Abs(few.Offset) || many40.Offset > -1 {
		t.Errorf("3 rejected %v, with one approved %v, 40 rejected %v", few.Offset, both.Offset, many40.Offset)
	}
	var many []corrections.Example
	for range 300 {
		many = append(many, corrections.Example{LogOdds: -1, Vector: v, Approved: true}, corrections.Example{LogOdds: -1, Vector: v})
	}
	if f := corrections.Learn(many, offset); math.Abs(f.Offset-1) > 0.03 {
		t.Errorf("half of many with log odds of -1: %v, want 1", f.Offset)
	}
	// Approved ones lie in one direction, rejected ones in another.
	rng := rand.New(rand.NewPCG(1, 1))
	var two []corrections.Example
	side := func(a bool) []float32 {
		x := unit(t, 1, rng.Float32()/5, rng.Float32()/5, 0.5)
		if !a {
			x[3] = -x[3]
		}
		return x
	}
	for i := range 10 {
		two = append(two, corrections.Example{LogOdds: 0, Vector: side(i%2 == 0), Approved: i%2 == 0})
	}
	f := corrections.Learn(two, corrections.DefaultPrior)
	if a, b := f.Apply(0, side(true)), f.Apply(0, side(false)); a < 1 || b > -1 {
		t.Errorf("log odds %v and %v", a, b)
	}
	endless := corrections.Learn([]corrections.Example{{LogOdds: math.Inf(1), Vector: v}}, corrections.DefaultPrior)
	if math.IsNaN(endless.Offset) || endless.Offset >= 0 {
		t.Errorf("of endless odds: %v", endless.Offset)
	}
}

func TestPool(t *testing.T) {
	q := corrections.NewPool(0.5, corrections.DefaultPrior, nil)
	if _, _, ok := q.Next(); ok {
		t.Error("an empty pool asks")
	}
	for i, odds := range []float64{3, 0.2, -1, -0.1} {
		q.Add(odds, unit(t, float32(i), 1, 0, 0))
	}
	next := func() int { i, _, _ := q.Next(); return i }
	if i := next(); i != 3 {
		t.Errorf("first %d", i)
	}
	q.Answer(3, true)
	if f := q.Fit(); f.Apply(-0.1, unit(t, 3, 1, 0, 0)) <= -0.1 {
		t.Error("an approved picture has no better odds")
	}
	q.Return(3)
	if f := q.Fit(); f.Offset != 0 || next() != 3 {
		t.Errorf("taken back: %+v, next %d", f, next())
	}
	for _, want := range []int{3, 1, 2, 0} {
		if i := next(); i != want {
			t.Errorf("asks %d, want %d", i, want)
		}
		q.Skip(want)
	}
	if _, _, ok := q.Next(); ok {
		t.Error("all were asked about")
	}
}
