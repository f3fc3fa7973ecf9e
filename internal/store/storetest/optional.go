package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// wrapper stands for a store that adds something to another: what the other can do
// besides must be found through it.
type wrapper struct{ store.Store }

// Unwrap lets store.As look through.
func (w wrapper) Unwrap() store.Store { return w.Store }

// opaque wraps a store without an Unwrap.
type opaque struct{ store.Store }

// find looks for an optional interface of the store under test, once as it is and once
// through two wrappers: both must find it, or neither.
func find[T any](e *env) (T, bool) {
	e.Helper()
	t, ok := store.As[T](e.s)
	if _, direct := e.s.(T); direct && !ok {
		e.Errorf("As does not find what the store is: %T", e.s)
	}
	wrapped, found := store.As[T](wrapper{wrapper{e.s}})
	if found != ok {
		e.Errorf("found %v in the store, %v through wrappers", ok, found)
	}
	if _, found := store.As[T](opaque{e.s}); found {
		e.Error("found through a wrapper that has no Unwrap")
	}
	if !ok {
		return t, false
	}
	return wrapped, true
}

// testOptional tests the optional interfaces that the store has.
func testOptional(e *env) {
	src := newSource(50)
	e.upsert(src.records(150)...)
	e.delete(e.match(nil)[3].ID)
	e.recordFailures(src.failure())
	tags := make(map[string][]store.Tag)
	for i, r := range e.match(nil) {
		for range i % 3 {
			tags[r.ID] = append(tags[r.ID], src.tag(""))
		}
	}
	e.setTags("run:9", tags)

	e.checkVerifier()
	e.checkTagCounter()
	e.checkNewestScanner(src)
	e.checkFileStates()
	e.checkExactSearcher(src)
	e.checkTunable(src)
	e.checkModelIndexes()
	e.check() // nothing of this changed a record
}

func (e *env) checkVerifier() {
	e.Helper()
	v, ok := find[store.Verifier](e)
	if !ok {
		return
	}
	if err := v.Verify(e.Context(), func(problem string) { e.Errorf("Verify of a sound index: %s", problem) }); err != nil {
		e.Errorf("Verify: %v", err)
	}
}

func (e *env) checkTagCounter() {
	e.Helper()
	counter, ok := find[store.TagCounter](e)
	if !ok {
		return
	}
	for _, source := range append([]string{"run:9", "nobody"}, sources...) {
		var records, tags int64
		for _, r := range e.records {
			n := int64(0)
			for _, t := range r.Tags {
				if t.Source == source {
					n++
				}
			}
			tags += n
			records += min(n, 1)
		}
		gotRecords, gotTags, err := counter.CountTags(e.Context(), source)
		if err != nil || gotRecords != records || gotTags != tags {
			e.Errorf("CountTags(%q) = %d records, %d tags, %v; want %d and %d", source, gotRecords, gotTags, err, records, tags)
		}
	}
}

func (e *env) checkNewestScanner(src source) {
	e.Helper()
	newest, ok := find[store.NewestScanner](e)
	if !ok {
		return
	}
	same := src.records(7) // of one time
	for i := range same {
		same[i].Path = fmt.Sprintf("/same/%d", 5*i%7)
		same[i].ID, same[i].TakenAt, same[i].ModTime = store.ID("test", same[i].Path), time.Time{}, same[0].ModTime
	}
	e.upsert(same...)
	filters := []store.Filter{nil, store.Under("/same"), store.Dated{}, store.Not{Part: store.Dated{}}, store.HasTag("nothing has this")}
	for range 40 {
		filters = append(filters, src.filter(3))
	}
	for _, f := range filters {
		want := e.match(f)
		slices.SortFunc(want, func(a, b store.Record) int {
			return cmp.Or(b.When().Compare(a.When()), cmp.Compare(a.Path, b.Path))
		})
		for i := range want {
			want[i].Vector = nil
		}
		var got []store.Record
		for r, err := range newest.ScanNewest(e.Context(), f) {
			if err != nil {
				e.Fatal(err)
			}
			got = append(got, r)
		}
		e.compare(fmt.Sprintf("ScanNewest(%#v)", f), got, want)
	}
}

func (e *env) checkFileStates() {
	e.Helper()
	lister, ok := find[store.FileStateLister](e)
	if !ok {
		return
	}
	want := make(map[store.FileState]bool)
	for _, r := range e.records {
		want[store.FileState{Key: store.FileKey(r.ID), StatHash: store.StatHash(r.Size, r.ModTime, r.MetadataStamp)}] = true
	}
	n := 0
	for s, err := range lister.FileStates(e.Context()) {
		if err != nil {
			e.Fatalf("FileStates: %v", err)
		}
		if n++; !want[s] {
			e.Errorf("FileStates yields %+v, which is of no record", s)
		}
	}
	if n != len(e.records) {
		e.Errorf("FileStates yields %d of %d records", n, len(e.records))
	}
}

func (e *env) checkExactSearcher(src source) {
	e.Helper()
	q := store.Query{Vectors: matrix(src.unit(), src.unit()), K: 20, MinScore: -1, Filter: store.Not{Part: store.FormatIs("png")}}
	exact, ok := find[store.ExactSearcher](e)
	if !ok {
		if _, err := store.SearchExact(e.Context(), e.s, q); (err == nil) != e.s.Capabilities().Exact {
			e.Errorf("SearchExact = %v, although Capabilities().Exact is %v", err, e.s.Capabilities().Exact)
		}
		return
	}
	hits, err := exact.SearchExact(e.Context(), q)
	if err != nil || len(hits) != 2 {
		e.Fatalf("SearchExact: %d results, %v", len(hits), err)
	}
	approximate := e.opts.Approximate
	e.opts.Approximate = false
	defer func() { e.opts.Approximate = approximate }()
	for i, got := range hits {
		e.checkHits(q, q.Vectors.Row(i), got)
	}
}

func (e *env) checkTunable(src source) {
	e.Helper()
	t, ok := find[store.Tunable](e)
	if !ok {
		return
	}
	name, values := t.SearchParameters(5)
	if (name == "") != (len(values) == 0) || !slices.IsSorted(values) {
		e.Errorf("SearchParameters(5) = %q, %v", name, values)
	}
	if len(values) == 0 {
		return
	}
	q := store.Query{Vectors: matrix(src.unit()), K: 5, MinScore: -1}
	hits, err := t.SearchWith(e.Context(), q, values[len(values)-1])
	if err != nil || len(hits) != 1 {
		e.Fatalf("SearchWith: %d results, %v", len(hits), err)
	}
	e.checkHits(q, q.Vectors.Row(0), hits[0])
	for _, value := range []int{values[0], 0} { // kept, and forgotten again
		if err := t.SetSearchParameter(e.Context(), 5, value, 0.9); err != nil {
			e.Errorf("SetSearchParameter(%d): %v", value, err)
		}
	}
}

// checkModelIndexes tests the store of one model; that of several takes more than the
// Factory gives.
func (e *env) checkModelIndexes() {
	e.Helper()
	if p, ok := find[store.Promoter](e); ok {
		if err := p.Promote(e.Context()); err != nil {
			e.Errorf("Promote of the current index: %v", err)
		}
	}
	keeper, ok := find[store.ModelIndexKeeper](e)
	if !ok {
		return
	}
	all, err := keeper.ModelIndexes(e.Context())
	if err != nil || len(all) != 1 || !all[0].Current || all[0].Model != model {
		e.Fatalf("ModelIndexes = %+v, %v", all, err)
	}
	for _, name := range []string{all[0].Name, "no such index"} {
		if err := keeper.DropModelIndex(e.Context(), name); err == nil {
			e.Errorf("DropModelIndex(%q) is not refused", name)
		}
	}
}
