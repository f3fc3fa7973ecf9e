package milvus_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/milvus-io/milvus-proto/go-api/v2/milvuspb"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

func TestBatchesAreCut(t *testing.T) {
	fake := milvustest.Start(t)
	o := options(fake)
	o.BatchBytes = 10 << 10
	s := open(t, o)
	before := fake.Calls("Upsert")
	upsert(t, s, records(200)...)
	if n := fake.Calls("Upsert") - before; n < 6 || n > 30 {
		t.Errorf("200 records of about 300 bytes were sent in %d messages of 10 KB", n)
	}
	if n, err := s.Count(t.Context(), nil); n != 200 || err != nil {
		t.Errorf("Count = %d, %v", n, err)
	}
}

func TestMoreHitsThanOneSearchGives(t *testing.T) {
	fake := milvustest.Start(t)
	s := open(t, options(fake))
	all := records(16500) // a search gives 16384
	for i := 0; i < len(all); i += 4096 {
		upsert(t, s, all[i:min(i+4096, len(all))]...)
	}
	q := queries(1)
	q.K = len(all) - 50
	hits, err := s.Search(t.Context(), q)
	if err != nil || len(hits[0]) != q.K || hits[0][0].Score < 0.999 || hits[0][q.K-1].Score > hits[0][0].Score {
		t.Errorf("Search for %d hits gave %d, %v", q.K, len(hits[0]), err)
	}
	if n := fake.Calls("Search"); n != 0 {
		t.Errorf("%d searches were sent", n)
	}
}

func TestMoreQueriesThanOneSearchTakes(t *testing.T) {
	fake := milvustest.Start(t)
	s := open(t, options(fake))
	upsert(t, s, records(5)...)
	hits, err := s.Search(t.Context(), queries(2500))
	if err != nil || len(hits) != 2500 || len(hits[2499]) != 3 || hits[4][0].Path != "/photos/4.jpg" {
		t.Errorf("2500 queries at once: %d answers, %v", len(hits), err)
	}
	if n := fake.Calls("Search"); n != 3 {
		t.Errorf("2500 queries took %d messages", n)
	}
}

func TestModelChange(t *testing.T) {
	fake := milvustest.Start(t)
	old := open(t, options(fake))
	upsert(t, old, records(5)...)

	o := options(fake)
	o.Model.Fingerprint = "fedcba9876543210"
	var mismatch *store.ModelMismatchError
	if _, err := milvus.Open(t.Context(), o); !errors.As(err, &mismatch) || mismatch.Have != model {
		t.Fatalf("Open with another model = %v", err)
	}
	o.Mode = store.Rebuild
	built := open(t, o)
	upsert(t, built, records(2)...)
	reader := options(fake)
	reader.Mode, reader.Model = store.ReadOnly, store.Model{}
	if n, err := open(t, reader).Count(t.Context(), nil); n != 5 || err != nil {
		t.Errorf("while the other is built a reader counts %d, %v", n, err)
	}
	if err := built.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := open(t, reader).Count(t.Context(), nil); n != 2 || err != nil {
		t.Errorf("after Promote a reader counts %d, %v", n, err)
	}
	if n, err := old.Count(t.Context(), nil); n != 5 || err != nil {
		t.Errorf("a store that was open before counts %d, %v", n, err)
	}
	generations, err := built.ModelIndexes(t.Context())
	if err != nil || len(generations) != 2 || !generations[0].Current || generations[1].Current ||
		generations[1].Model != model || generations[1].Records != 5 {
		t.Fatalf("Generations = %+v, %v", generations, err)
	}
	for _, name := range []string{generations[0].Name, "default", "another_0123456789ab"} {
		if err := built.DropModelIndex(t.Context(), name); err == nil {
			t.Errorf("%s was dropped", name)
		}
	}
	old.Close() // what is open for writing is not removed
	if err := built.DropModelIndex(t.Context(), generations[1].Name); err != nil {
		t.Fatal(err)
	}
	if names := fake.Names(); len(names) != 2 {
		t.Errorf("left are %v", names)
	}
}

func TestTuning(t *testing.T) {
	fake := milvustest.Start(t)
	s := open(t, options(fake))
	upsert(t, s, records(20)...)
	var sent string
	fake.Meddle(func(_ context.Context, _ string, req any, next func() (any, error)) (any, error) {
		if r, ok := req.(*milvuspb.SearchRequest); ok {
			for _, p := range r.SearchParams {
				if p.Key == "params" {
					sent = p.Value
				}
			}
		}
		return next()
	})
	search := func(s *milvus.Store, want string) {
		t.Helper()
		if _, err := s.Search(t.Context(), queries(1)); err != nil || !strings.Contains(sent, want) {
			t.Errorf("a search was sent with %s, %v; want %s", sent, err, want)
		}
	}
	search(s, `"ef":240`) // for the default recall
	if _, err := s.SearchWith(t.Context(), queries(1), 77); err != nil || !strings.Contains(sent, `"ef":77`) {
		t.Errorf("SearchWith 77 sent %s, %v", sent, err)
	}
	if err := s.SetSearchParameter(t.Context(), 10, 99, 0.98); err != nil {
		t.Fatal(err)
	}
	search(s, `"ef":99`)
	other := open(t, options(fake))
	search(other, `"ef":99`)
	o := options(fake)
	o.Search.Ef = 300
	search(open(t, o), `"ef":300`)
	if err := s.SetSearchParameter(t.Context(), 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	search(s, `"ef":240`)
	if parameter, values := s.SearchParameters(10); parameter != "ef" || len(values) < 5 || values[0] < 10 {
		t.Errorf("SearchParameters = %s, %v", parameter, values)
	}
	fake.Meddle(nil)
}

func TestVerify(t *testing.T) {
	fake := milvustest.Start(t)
	o, warnings := logged(options(fake))
	s := open(t, o)
	upsert(t, s, records(20)...)
	verify := func() (problems []string) {
		t.Helper()
		if err := s.Verify(t.Context(), func(p string) { problems = append(problems, p) }); err != nil {
			t.Fatal(err)
		}
		return problems
	}
	if p := verify(); len(p) != 0 {
		t.Errorf("a good index: %q", p)
	}
	fake.Meddle(func(_ context.Context, _ string, _ any, next func() (any, error)) (any, error) {
		reply, err := next()
		if r, ok := reply.(*milvuspb.QueryResults); ok {
			for _, f := range r.FieldsData {
				if v := f.GetVectors().GetFloatVector().GetData(); f.FieldName == "vector" && len(v) > dim {
					f.GetVectors().GetFloatVector().Data = append([]float32{9, 9, 9, 9}, v[dim:]...)
				}
			}
		}
		return reply, err
	})
	if p := verify(); len(p) != 0 || !strings.Contains(warnings.String(), "length 1") {
		t.Errorf("a vector of another length: %q, warned of with %q", p, warnings)
	}
	fake.Meddle(nil)
}

func TestReadOnly(t *testing.T) {
	fake := milvustest.Start(t)
	o := options(fake)
	o.Mode = store.ReadOnly
	if _, err := milvus.Open(t.Context(), o); !errors.Is(err, store.ErrNoIndex) {
		t.Errorf("Open of nothing = %v", err)
	}
	open(t, options(fake))
	s := open(t, o)
	for name, err := range map[string]error{
		"Upsert": s.Upsert(t.Context(), records(1)), "Delete": s.Delete(t.Context(), []string{"x"}),
		"SetTags":        s.SetTags(t.Context(), "user", map[string][]store.Tag{"x": nil}),
		"RecordFailures": s.RecordFailures(t.Context(), []store.Failure{{ID: "x", Path: "/x"}}),
		"Promote":        s.Promote(t.Context()), "SetSearchParameter": s.SetSearchParameter(t.Context(), 5, 5, 1),
	} {
		if !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("%s = %v", name, err)
		}
	}
}

// A server does not say when a delete was, so that waiting for the last write that has
// a time is not enough.
func TestReadsAfterADelete(t *testing.T) {
	fake := milvustest.Start(t)
	s := open(t, options(fake))
	upsert(t, s, records(3)...)
	var sent []uint64
	fake.Meddle(func(_ context.Context, _ string, req any, next func() (any, error)) (any, error) {
		if r, ok := req.(*milvuspb.QueryRequest); ok {
			sent = append(sent, r.GuaranteeTimestamp)
		}
		return next()
	})
	get := func() {
		t.Helper()
		if _, err := s.Get(t.Context(), []string{record(1).ID}); err != nil {
			t.Fatal(err)
		}
	}
	get()
	if err := s.Delete(t.Context(), []string{record(1).ID}); err != nil {
		t.Fatal(err)
	}
	get()
	get()
	const strong = 0 // the server takes the time at which the request arrives
	if len(sent) != 3 || sent[0] == strong || sent[1] != strong || sent[2] == strong {
		t.Errorf("reads before, after and long after a delete wait for %d", sent)
	}
	fake.Meddle(nil)
}

// As many candidates are needed as hits, but not as many clusters.
func TestEffortBelowK(t *testing.T) {
	for kind, want := range map[string]string{"HNSW": `"ef":50`, "IVF_SQ8": `"nprobe":3`} {
		fake := milvustest.Start(t)
		o := options(fake)
		o.Index.Type = kind
		s := open(t, o)
		upsert(t, s, records(5)...)
		var sent string
		fake.Meddle(func(_ context.Context, _ string, req any, next func() (any, error)) (any, error) {
			if r, ok := req.(*milvuspb.SearchRequest); ok {
				for _, p := range r.SearchParams {
					sent += p.Value
				}
			}
			return next()
		})
		q := queries(1)
		q.K = 50
		if _, err := s.SearchWith(t.Context(), q, 3); err != nil || !strings.Contains(sent, want) {
			t.Errorf("%s: a search for 50 hits with effort 3 was sent with %s, %v; want %s", kind, sent, err, want)
		}
		fake.Meddle(nil)
	}
}
