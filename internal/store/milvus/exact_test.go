package milvus_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/milvus-io/milvus-proto/go-api/v2/milvuspb"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
	"github.com/sightline/sightline/internal/vec"
)

const wideDim = 128 // scores are cheaper than vectors

var wideModel = store.Model{Fingerprint: "0123456789abcdef", Name: "test", Dim: wideDim}

func wideRecords(n int) []store.Record {
	out := records(n)
	for i := range out {
		out[i].Vector = append(slices.Clone(out[i].Vector), make([]float32, wideDim-dim)...)
	}
	return out
}

// vectorQueries counts the queries that ask for vectors.
func vectorQueries(fake *milvustest.Server, meddle func(reply any)) *int {
	n := new(int)
	fake.Meddle(func(_ context.Context, _ string, req any, next func() (any, error)) (any, error) {
		if r, ok := req.(*milvuspb.QueryRequest); ok && slices.Contains(r.OutputFields, "vector") {
			*n++
		}
		reply, err := next()
		if meddle != nil {
			meddle(reply)
		}
		return reply, err
	})
	return n
}

// An exact search has the server score the records, and reads no vectors, as long as the
// server scores all of them.
func TestExactSearchReadsNoVectors(t *testing.T) {
	if testing.Short() {
		t.Skip("17,000 records, one goroutine: slow under the race detector")
	}
	fake := milvustest.Start(t)
	o := options(fake)
	o.Model = wideModel
	s := open(t, o)
	all := wideRecords(17000) // more than one search gives
	for part := range slices.Chunk(all, 4096) {
		upsert(t, s, part...)
	}
	testExact(t, fake, s, all, nil, false)
	testExact(t, fake, s, all, func(reply any) { // a server that misses one
		if r, ok := reply.(*milvuspb.SearchResults); ok && len(r.Results.Scores) > 5000 {
			n := len(r.Results.Scores) - 1
			r.Results.Scores, r.Results.Topks = r.Results.Scores[:n], []int64{int64(n)}
			r.Results.Ids.GetStrId().Data = r.Results.Ids.GetStrId().Data[:n]
		}
	}, true)
	odd := fake.Row(physical, all[3].ID)
	odd["vector"] = append([]float32{9}, make([]float32, wideDim-1)...)
	fake.Put(physical, odd)
	all[3].Vector = append([]float32{1}, make([]float32, wideDim-1)...)
	testExact(t, fake, s, all, nil, true)
}

func testExact(t *testing.T, fake *milvustest.Server, s *milvus.Store, all []store.Record, meddle func(any), reads bool) {
	t.Helper()
	n := vectorQueries(fake, meddle)
	defer fake.Meddle(nil)
	for _, k := range []int{7, 16900} {
		q := store.Query{Vectors: vec.NewMatrix(1, wideDim), K: k, MinScore: -1}
		copy(q.Vectors.Row(0), wideRecords(50)[49].Vector)
		hits, err := s.SearchExact(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		type scored struct {
			ID    string
			Score float32
		}
		var got, want []scored
		for _, h := range hits[0] {
			got = append(got, scored{h.ID, h.Score})
		}
		for _, r := range all {
			want = append(want, scored{r.ID, vec.Dot(r.Vector, q.Vectors.Row(0))})
		}
		slices.SortFunc(want, func(a, b scored) int {
			if a.Score > b.Score || a.Score == b.Score && a.ID < b.ID {
				return -1
			}
			return 1
		})
		if diff := cmp.Diff(want[:k], got, cmpopts.EquateApprox(0, 1e-6)); diff != "" && k < 100 {
			t.Errorf("K %d (-want +got):\n%s", k, diff)
		} else if len(got) != k {
			t.Errorf("%d hits of %d", len(got), k)
		}
	}
	if (*n > 0) != reads {
		t.Errorf("%d queries asked for vectors", *n)
	}
}

// Collections of earlier versions get the indexes of fields that new ones have.
func TestUpgrade(t *testing.T) {
	fake := milvustest.Start(t)
	s := open(t, options(fake))
	fields := []string{"content_hash", "path", "format", "shown_at", "tags"}
	for _, f := range fields {
		if fake.Index(physical, f) == nil {
			t.Errorf("field %s of a new collection has no index", f)
		}
		fake.Unindex(physical, f)
	}
	var told []string
	for range 2 {
		if err := s.Upgrade(t.Context(), func(what string) { told = append(told, what) }); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range fields {
		if got := fake.Index(physical, f)["index_type"]; got != "INVERTED" {
			t.Errorf("field %s has index %q", f, got)
		}
	}
	if len(told) != len(fields) {
		t.Errorf("told %q", told)
	}
	o := options(fake)
	o.Mode = store.ReadOnly
	if err := open(t, o).Upgrade(t.Context(), func(string) {}); err == nil {
		t.Error("an index that was opened for reading was upgraded")
	}
}
