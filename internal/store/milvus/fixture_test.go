package milvus_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
	"github.com/sightline/sightline/internal/vec"
)

const dim = 4

var model = store.Model{Fingerprint: "0123456789abcdef", Name: "test", Precision: "fp32", Pixels: "exact", Dim: dim}

func options(s *milvustest.Server) milvus.Options {
	return milvus.Options{
		Address: s.Address, Collection: "default", Mode: store.Create, Model: model, Consistency: "strong",
		CallTimeout: 2 * time.Second, RetryFor: 10 * time.Second,
	}
}

func open(t *testing.T, o milvus.Options) *milvus.Store {
	t.Helper()
	s, err := milvus.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// record makes the n-th record.
func record(n int) store.Record {
	v := make([]float32, dim)
	v[0], v[1] = float32(math.Cos(float64(n))), float32(math.Sin(float64(n)))
	path := fmt.Sprintf("/photos/%d.jpg", n)
	return store.Record{ID: store.ID("default", path), Path: path, Root: "/photos", ModTime: time.Unix(int64(n), 0), Vector: v}
}

func records(n int) []store.Record {
	out := make([]store.Record, n)
	for i := range out {
		out[i] = record(i)
	}
	return out
}

func queries(n int) store.Query {
	q := store.Query{Vectors: vec.NewMatrix(n, dim), K: 3, MinScore: -1}
	for i := range n {
		copy(q.Vectors.Row(i), record(i).Vector)
	}
	return q
}

func upsert(t *testing.T, s store.Store, r ...store.Record) {
	t.Helper()
	if err := s.Upsert(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

// hint is the advice in an error.
func hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}
