package storetest

import (
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

func testEmpty(e *env) {
	ctx := e.Context()
	e.check()
	hits, err := e.s.Search(ctx, store.Query{Vectors: matrix(newSource(1).unit(), newSource(2).unit()), K: 3})
	if err != nil || len(hits) != 2 || hits[0] == nil || len(hits[0]) != 0 || hits[1] == nil || len(hits[1]) != 0 {
		e.Errorf("Search in an empty store = %#v, %v; want two empty slices", hits, err)
	}
	if got, err := e.s.Get(ctx, []string{"x"}); err != nil || len(got) != 0 {
		e.Errorf("Get = %v, %v", got, err)
	}
	if got, err := e.s.Stats(ctx, nil); err != nil || got == nil || len(got) != 0 {
		e.Errorf("Stats = %v, %v; want an empty map", got, err)
	}
	if got, err := e.s.FindContent(ctx, make([]byte, 32), 10); err != nil || len(got) != 0 {
		e.Errorf("FindContent = %v, %v", got, err)
	}
	for _, err := range []error{
		e.s.Upsert(ctx, nil), e.s.Delete(ctx, nil), e.s.Delete(ctx, []string{"unknown"}),
		e.s.SetTags(ctx, "user", nil), e.s.RecordFailures(ctx, nil), e.s.Flush(ctx),
	} {
		if err != nil {
			e.Errorf("a change of nothing: %v", err)
		}
	}
	e.check()
}

func testUpsertReplaces(e *env) {
	src := newSource(3)
	records := src.records(10)
	e.upsert(records...)
	e.check()
	for i := range records[:5] {
		id, path := records[i].ID, records[i].Path
		records[i] = src.recordAt(path)
		if records[i].ID != id {
			e.Fatal("ids are not stable")
		}
	}
	records[0].Tags = nil // no tag of the old record stays
	e.upsert(records[:5]...)
	e.check()
}

func testLastOfEqualIDs(e *env) {
	src := newSource(4)
	a, b, other := src.recordAt("/a.jpg"), src.recordAt("/a.jpg"), src.recordAt("/b.jpg")
	e.upsert(a, other, b)
	e.check()
	if got := e.scan(store.Under("/a.jpg"), store.Fields{}); len(got) != 1 || got[0].Size != b.Size {
		e.Errorf("of two records with one id in a call, the last must win: got %v", got)
	}
	f, g := src.failure(), src.failure()
	g.ID, g.Path = f.ID, f.Path
	e.recordFailures(f, g)
	e.check()
}

func testBadRecords(e *env) {
	src := newSource(5)
	e.upsert(src.records(3)...)
	e.recordFailures(src.failure())
	for name, spoil := range map[string]func(*store.Record){
		"too short":       func(r *store.Record) { r.Vector = r.Vector[:dim-1] },
		"too long":        func(r *store.Record) { r.Vector = append(slices.Clone(r.Vector), 0) },
		"no vector":       func(r *store.Record) { r.Vector = nil },
		"zero vector":     func(r *store.Record) { r.Vector = make([]float32, dim) },
		"twice as long":   func(r *store.Record) { r.Vector = scaled(r.Vector, 2) },
		"a little longer": func(r *store.Record) { r.Vector = scaled(r.Vector, 1.01) },
		"NaN":             func(r *store.Record) { r.Vector = slices.Clone(r.Vector); r.Vector[3] = float32(math.NaN()) },
		"infinite":        func(r *store.Record) { r.Vector = slices.Clone(r.Vector); r.Vector[3] = float32(math.Inf(1)) },
		"no id":           func(r *store.Record) { r.ID = "" },
		"no path":         func(r *store.Record) { r.Path = "" },
		"NUL in the path": func(r *store.Record) { r.Path = "/a\x00b" },
		"short hash":      func(r *store.Record) { r.ContentHash = r.ContentHash[:31] },
		"tag, no label":   func(r *store.Record) { r.Tags = []store.Tag{{Source: "user"}} },
		"NaN tag":         func(r *store.Record) { r.Tags = []store.Tag{{Label: "x", Source: "u", Score: float32(math.NaN())}} },
	} {
		good, bad := src.recordAt("/new/good.jpg"), src.recordAt("/new/bad.jpg")
		spoil(&bad)
		if err := e.s.Upsert(e.Context(), []store.Record{good, bad}); err == nil {
			e.Errorf("%s: Upsert accepted it", name)
		}
		e.settle()
		e.check() // nothing of the call was written
	}
	if err := e.s.RecordFailures(e.Context(), []store.Failure{{Path: "/no/id"}}); err == nil {
		e.Error("RecordFailures accepted a failure without an id")
	}
	e.check()
}

func testDelete(e *env) {
	src := newSource(6)
	records := src.records(20)
	e.upsert(records...)
	failure := src.failure()
	e.recordFailures(failure)
	e.delete(records[3].ID, "unknown", records[7].ID, records[3].ID, failure.ID)
	e.check()
	e.upsert(records[3]) // and back again
	e.check()
	var ids []string
	for _, r := range records {
		ids = append(ids, r.ID)
	}
	e.delete(ids...)
	e.check()
	e.upsert(src.records(5)...)
	e.check()
}

func testTagsBySource(e *env) {
	src := newSource(7)
	a, b := src.recordAt("/a.jpg"), src.recordAt("/b.jpg")
	a.Tags = []store.Tag{{Label: "Sea", Source: "file"}, {Label: "boat", Source: "user"}, {Label: "sun", Source: "run:1", Score: 0.25}}
	b.Tags = nil
	e.upsert(a, b)
	e.check()
	e.setTags("run:1", map[string][]store.Tag{
		a.ID: {{Label: "moon", Score: 0.5, Probability: 0.125}, {Label: "star", Source: "said otherwise"}},
		b.ID: {{Label: "sea"}},
	})
	e.check()
	e.setTags("user", map[string][]store.Tag{a.ID: nil}) // takes them away, others stay
	e.check()

	before := e.scan(nil, store.Fields{Vectors: true})
	err := e.s.SetTags(e.Context(), "user", map[string][]store.Tag{a.ID: {{Label: "x"}}, "unknown": {{Label: "x"}}})
	if !errors.Is(err, store.ErrNotFound) {
		e.Errorf("SetTags of an unknown id = %v, want ErrNotFound", err)
	}
	if err := e.s.SetTags(e.Context(), "user", map[string][]store.Tag{a.ID: {{Label: ""}}}); err == nil {
		e.Error("SetTags accepted an empty label")
	}
	e.settle()
	e.compare("after SetTags failed", e.scan(nil, store.Fields{Vectors: true}), before)
}

func testFailures(e *env) {
	src := newSource(8)
	r := src.recordAt("/z/a.jpg")
	e.upsert(r)
	f := store.Failure{ID: r.ID, Path: r.Path, Root: "/z", Size: 5, ModTime: src.time(), Reason: "truncated", At: src.time()}
	other := src.failure()
	e.recordFailures(f, other)
	e.check() // the record is gone
	f.Reason, f.Attempts = "still truncated", 77
	e.recordFailures(f)
	e.check()
	if got := e.failed[f.ID].Attempts; got != 2 {
		e.Fatalf("the oracle counts %d attempts", got)
	}
	e.upsert(r) // a success clears it
	e.check()
	e.recordFailures(f)
	e.check() // and counting starts again
}

func testReopen(e *env) {
	src := newSource(9)
	e.upsert(src.records(50)...)
	e.recordFailures(src.failure(), src.failure())
	e.reopen()
	e.check()
	e.upsert(src.records(60)...)
	e.reopen()
	e.reopen()
	e.check()
}

func testOtherModel(e *env) {
	src := newSource(10)
	e.upsert(src.records(5)...)
	if err := e.s.Close(); err != nil {
		e.Fatal(err)
	}
	for _, other := range []store.Model{
		{Fingerprint: "beef", Name: "other", Dim: dim},
		{Fingerprint: "beef", Name: "other", Dim: dim + 1},
	} {
		s, err := e.open(e.Context(), e.index, other)
		if e.opts.KeepsModelsApart {
			if err != nil {
				e.Fatal(err)
			}
			if n, err := s.Count(e.Context(), nil); n != 0 || err != nil {
				e.Errorf("Count with another model = %d, %v; want 0", n, err)
			}
			s.Close()
			continue
		}
		var mismatch *store.ModelMismatchError
		if !errors.As(err, &mismatch) {
			e.Fatalf("open with another model = %v, want a ModelMismatchError", err)
		}
		if mismatch.Have != model || mismatch.Want != other {
			e.Errorf("the error says %+v", mismatch)
		}
	}
	e.reopen()
	e.check()
}

func testDescribe(e *env) {
	src := newSource(11)
	start := e.began.Add(-2 * time.Second) // servers have clocks of their own
	e.upsert(src.records(7)...)
	e.recordFailures(src.failure())
	d, err := e.s.Describe(e.Context())
	if err != nil {
		e.Fatal(err)
	}
	if diff := gocmp.Diff(model, d.Model); diff != "" {
		e.Errorf("Model (-want +got):\n%s", diff)
	}
	if d.Records != 7 || d.Failures != 1 {
		e.Errorf("%d records and %d failures, want 7 and 1", d.Records, d.Failures)
	}
	if d.Kind == "" || d.Location == "" || !strings.Contains(d.Collection, e.index) || d.Format < 1 {
		e.Errorf("not filled in: %+v", d)
	}
	if d.Created.Before(start) || d.Updated.Before(d.Created) || d.Updated.After(time.Now().Add(2*time.Second)) {
		e.Errorf("created %v, updated %v", d.Created, d.Updated)
	}
}

func scaled(v []float32, by float32) []float32 {
	v = slices.Clone(v)
	for i := range v {
		v[i] *= by
	}
	return v
}

func matrix(rows ...[]float32) vec.Matrix {
	m, err := vec.FromRows(rows...)
	if err != nil {
		panic(err)
	}
	return m
}
