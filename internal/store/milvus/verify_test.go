package milvus

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/milvus-io/milvus-proto/go-api/v2/milvuspb"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

// Of a large index all facts are verified, and the vectors of a sample, which is reported.
func TestVerifyReadsSomeVectors(t *testing.T) {
	t.Parallel()
	const count, most = 3000, 400
	fake := milvustest.Start(t)
	var said bytes.Buffer
	s, err := Open(t.Context(), Options{
		Address: fake.Address, Collection: "default", Mode: store.Create, Consistency: "strong",
		Model: store.Model{Fingerprint: "0123456789abcdef", Name: "test", Dim: 4},
		Log:   slog.New(slog.NewTextHandler(&said, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	all := make([]store.Record, count)
	for i := range all {
		path := fmt.Sprintf("/photos/%d.jpg", i)
		all[i] = store.Record{ID: store.ID("default", path), Path: path, Root: "/photos", Vector: []float32{0, 1, 0, 0}}
	}
	if err := s.Upsert(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	const foreign = "ffffffffffffffffffffffffffffffffffffffff"
	odd := fake.Row(s.physical, all[7].ID)
	odd["id"], odd["path"], odd["content_hash"] = foreign, "/photos/odd.jpg", "zz"
	fake.Put(s.physical, odd)

	var facts, vectors atomic.Int64
	fake.Meddle(func(_ context.Context, method string, _ any, next func() (any, error)) (any, error) {
		reply, err := next()
		r, ok := reply.(*milvuspb.QueryResults)
		if !ok || method != "Query" {
			return reply, err
		}
		for _, f := range r.GetFieldsData() {
			switch f.GetFieldName() {
			case fieldPath:
				facts.Add(int64(len(f.GetScalars().GetStringData().GetData())))
			case fieldVector:
				vectors.Add(int64(len(f.GetVectors().GetFloatVector().GetData()) / 4))
			}
		}
		return reply, err
	})
	for range 3 { // other samples
		facts.Store(0)
		vectors.Store(0)
		if err := s.verifyRecords(t.Context(), most, func(problem string) { t.Error(problem) }); err != nil {
			t.Fatal(err)
		}
		if n := facts.Load() - vectors.Load(); n != count+1 {
			t.Errorf("the facts of %d of %d were read apart from the sample", n, count+1)
		}
		if n := vectors.Load(); n < most/2 || n > 2*most {
			t.Errorf("%d vectors were read, where about %d were to be", n, most)
		}
	}
	if text := said.String(); !strings.Contains(text, "only some were looked at") || !strings.Contains(text, "of=3001") || !strings.Contains(text, foreign) {
		t.Errorf("said: %s", text)
	}
	// All of a small one are looked at, by Verify itself.
	said.Reset()
	vectors.Store(0)
	if err := s.Verify(t.Context(), func(problem string) { t.Error(problem) }); err != nil {
		t.Fatal(err)
	}
	if vectors.Load() != count+1 || strings.Contains(said.String(), "only some") {
		t.Errorf("%d vectors of a small index, said: %s", vectors.Load(), said.String())
	}
}
