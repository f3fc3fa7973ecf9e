package milvus_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/milvus-io/milvus-proto/go-api/v2/milvuspb"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

func detail(t *testing.T, s *milvus.Store, name string) string {
	t.Helper()
	d, err := s.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(d.Details, func(x store.Detail) bool { return x.Name == name })
	if i < 0 {
		return ""
	}
	return d.Details[i].Value
}

// sentParams keeps the parameters of the last search.
func sentParams(fake *milvustest.Server) map[string]string {
	sent := make(map[string]string)
	fake.Meddle(func(_ context.Context, _ string, req any, next func() (any, error)) (any, error) {
		if r, ok := req.(*milvuspb.SearchRequest); ok {
			for _, p := range r.SearchParams {
				sent[p.Key] = p.Value
			}
		}
		return next()
	})
	return sent
}

// An index that an administrator replaced is searched, tuned and told as what it is.
func TestIndexThatWasReplaced(t *testing.T) {
	fake := milvustest.Start(t)
	first := open(t, options(fake))
	upsert(t, first, records(20)...)
	if err := first.SetSearchParameter(t.Context(), 10, 99, 0.9); err != nil {
		t.Fatal(err)
	}
	first.Close()
	fake.SetIndex(physical, "vector", map[string]string{"index_type": "IVF_FLAT", "metric_type": "COSINE", "params": `{"nlist": 64}`})
	o := options(fake)
	o.Mode = store.ReadOnly
	s := open(t, o)
	sent := sentParams(fake)
	if _, err := s.Search(t.Context(), queries(1)); err != nil {
		t.Fatal(err)
	}
	if sent["metric_type"] != "COSINE" || !strings.Contains(sent["params"], `"nprobe":50`) || strings.Contains(sent["params"], "ef") {
		t.Errorf("a search was sent with %v", sent)
	}
	if parameter, _ := s.SearchParameters(10); parameter != "nprobe" {
		t.Errorf("it is tuned by %q", parameter)
	}
	if got, want := detail(t, s, "index"), "IVF_FLAT (nlist 64), metric COSINE"; got != want {
		t.Errorf("status says %q, want %q", got, want)
	}
	fake.Meddle(nil)
	fake.SetIndex(physical, "vector", map[string]string{"index_type": "BIN_FLAT", "metric_type": "HAMMING"})
	if _, err := milvus.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "HAMMING") {
		t.Errorf("an index of another metric: %v", err)
	}
}

// The distances of an L2 index are shown as the cosines that they stand for.
func TestIndexByDistance(t *testing.T) {
	fake := milvustest.Start(t)
	upsert(t, open(t, options(fake)), records(20)...)
	fake.SetIndex(physical, "vector", map[string]string{"index_type": "HNSW", "metric_type": "L2"})
	s := open(t, options(fake))
	fake.Meddle(func(_ context.Context, _ string, _ any, next func() (any, error)) (any, error) {
		reply, err := next()
		if r, ok := reply.(*milvuspb.SearchResults); ok {
			for i, cos := range r.Results.Scores {
				r.Results.Scores[i] = 2 - 2*cos
			}
		}
		return reply, err
	})
	hits, err := s.Search(t.Context(), queries(2))
	if err != nil || hits[1][0].Path != "/photos/1.jpg" || hits[1][0].Score < 0.999 || hits[1][0].Score > 1 {
		t.Errorf("Search = %+v, %v", hits, err)
	}
	fake.Meddle(nil)
}

// Without an index nothing can be searched: a reader says what to do, and a writer does it.
func TestIndexThatWasDropped(t *testing.T) {
	fake := milvustest.Start(t)
	first := open(t, options(fake))
	upsert(t, first, records(5)...)
	first.Close()
	fake.Unindex(physical, "vector")
	fake.Unload(physical)
	o := options(fake)
	o.Mode = store.ReadOnly
	if _, err := milvus.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "no index") || !strings.Contains(hint(err), "indexer upgrade") {
		t.Errorf("Open = %v, hint %q", err, hint(err))
	}
	writer := open(t, options(fake))
	if hits, err := writer.Search(t.Context(), queries(1)); err != nil || len(hits[0]) != 3 {
		t.Errorf("Search = %v, %v", hits, err)
	}
	if got := detail(t, open(t, o), "index"); !strings.HasPrefix(got, "HNSW") {
		t.Errorf("afterwards the index is %q", got)
	}
}

// A rebuild with the same model and another kind of index builds that index.
func TestRebuildWithAnotherIndex(t *testing.T) {
	fake := milvustest.Start(t)
	o := options(fake)
	first := open(t, o)
	upsert(t, first, records(5)...)
	first.Close()
	o.Mode = store.Rebuild
	for _, test := range []struct {
		index milvus.Index
		want  string
		drops int
	}{
		{milvus.Index{}, "HNSW (M 16, efConstruction 200), metric IP", 0},
		{milvus.Index{M: 32}, "HNSW (M 32, efConstruction 200), metric IP", 1},
		{milvus.Index{Type: "IVF_SQ8", Nlist: 64}, "IVF_SQ8 (nlist 64), metric IP", 1},
		{milvus.Index{Type: "FLAT"}, "FLAT, metric IP", 1},
	} {
		before := fake.Calls("DropIndex")
		o.Index = test.index
		s := open(t, o)
		if err := s.Promote(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Close()
		reader := options(fake)
		reader.Mode, reader.Index = store.ReadOnly, milvus.Index{}
		again := open(t, reader)
		if got := detail(t, again, "index"); got != test.want {
			t.Errorf("the index is %q, want %q", got, test.want)
		}
		if n, err := again.Count(t.Context(), nil); n != 5 || err != nil {
			t.Errorf("there are %d records, %v", n, err)
		}
		if n := fake.Calls("DropIndex") - before; n != test.drops {
			t.Errorf("%s: %d indexes were dropped, want %d", test.want, n, test.drops)
		}
		again.Close()
	}
	if got := fake.Index(physical, "content_hash"); got == nil {
		t.Error("the index of content hashes is gone")
	}
}

// TestRebuildWithAnotherIndexOnStandalone does the same on a real server.
func TestRebuildWithAnotherIndexOnStandalone(t *testing.T) {
	t.Parallel()
	address := standalone.address(t)
	o := milvus.Options{
		Address: address, Collection: uniqueName(t, address) + "kind", Mode: store.Create, Model: model, Consistency: "strong", Shards: 2,
	}
	first := open(t, o)
	upsert(t, first, records(5)...)
	first.Close()
	o.Mode, o.Index.Type = store.Rebuild, "IVF_FLAT"
	s := open(t, o)
	if err := s.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := detail(t, s, "index"); got != "IVF_FLAT (nlist 1024), metric IP" || detail(t, s, "shards") != "2" || detail(t, s, "replicas") != "1" {
		t.Errorf("index %q, shards %q, replicas %q", got, detail(t, s, "shards"), detail(t, s, "replicas"))
	}
	if hits, err := s.Search(t.Context(), queries(1)); err != nil || len(hits[0]) != 3 {
		t.Errorf("Search = %v, %v", hits, err)
	}
}

// Settings of operators arrive at the server; what it refuses is named.
func TestOperatorsSettings(t *testing.T) {
	fake := milvustest.Start(t)
	o := options(fake)
	o.Shards, o.Replicas, o.ResourceGroups, o.Mmap = 4, 2, []string{"hot"}, true
	var mmap string
	fake.Meddle(func(_ context.Context, _ string, req any, next func() (any, error)) (any, error) {
		if r, ok := req.(*milvuspb.CreateCollectionRequest); ok {
			for _, p := range r.Properties {
				mmap += p.Key + "=" + p.Value
			}
		}
		return next()
	})
	s := open(t, o)
	for name, want := range map[string]string{"shards": "4", "replicas": "2", "resource_groups": "hot", "partition_key": "none", "load_timeout": "10m0s"} {
		if got := detail(t, s, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if mmap != "mmap.enabled=true" {
		t.Errorf("properties %q", mmap)
	}
	fake.Meddle(nil)
	o.Collection, o.ResourceGroups = "other", []string{"none"}
	if _, err := milvus.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "resource group not found") || !strings.HasPrefix(hint(err), "check milvus.replicas (2) and milvus.resource_groups (none) against") {
		t.Errorf("Open = %v, hint %q", err, hint(err))
	}
}

// What was measured for few hits says nothing of many.
func TestTuningByNumberOfHits(t *testing.T) {
	fake := milvustest.Start(t)
	s := open(t, options(fake))
	upsert(t, s, records(20)...)
	for k, value := range map[int]int{10: 40, 100: 250} {
		if err := s.SetSearchParameter(t.Context(), k, value, 0.97); err != nil {
			t.Fatal(err)
		}
	}
	sent := sentParams(fake)
	defer fake.Meddle(nil)
	other := open(t, options(fake))
	for k, want := range map[int]string{1: `"ef":40`, 10: `"ef":40`, 11: `"ef":250`, 100: `"ef":250`, 101: `"ef":250`, 300: `"ef":600`} {
		q := queries(1)
		q.K = k
		if _, err := other.Search(t.Context(), q); err != nil || !strings.Contains(sent["params"], want) {
			t.Errorf("a search for %d was sent with %s, %v; want %s", k, sent["params"], err, want)
		}
	}
	if got := detail(t, other, "search"); got != "ef 40 for up to 10 hits (recall 0.970), 250 for up to 100 hits (recall 0.970), by search tune" {
		t.Errorf("status says %q", got)
	}
	o := options(fake)
	o.Search.Ef = 77
	if got := detail(t, open(t, o), "search"); got != "ef 77, by the settings" {
		t.Errorf("status says %q", got)
	}
}
