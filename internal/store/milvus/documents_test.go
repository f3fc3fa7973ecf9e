package milvus_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/milvus-io/milvus-proto/go-api/v2/milvuspb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

// A writer that is cut off between any two of its calls leaves the old data or the new,
// and the next one leaves no pieces of it.
func TestDocumentCutShort(t *testing.T) {
	fake := milvustest.Start(t)
	o := options(fake)
	o.BatchBytes, o.RetryFor = 1<<17, 0 // two pieces in a message
	s := open(t, o)
	const companion = "default_0123456789ab_meta"
	data := func(b byte) []byte { return bytes.Repeat([]byte{b}, 250_000) } // 6 pieces
	if err := s.PutDocument(t.Context(), "runs/a", data('0')); err != nil {
		t.Fatal(err)
	}
	whole := fake.Rows(companion)
	if err := s.PutDocument(t.Context(), "runs/a", data('1')); err != nil || fake.Rows(companion) != whole {
		t.Fatalf("replacing it: %v, and there are %d rows instead of %d", err, fake.Rows(companion), whole)
	}
	for cut := range 6 {
		calls := 0
		fake.Meddle(func(_ context.Context, method string, req any, next func() (any, error)) (any, error) {
			switch req.(type) {
			case *milvuspb.UpsertRequest, *milvuspb.DeleteRequest:
				if calls++; calls > cut {
					return nil, status.Error(codes.Unavailable, "cut")
				}
			}
			return next()
		})
		err := s.PutDocument(t.Context(), "runs/a", data(byte('1'+cut)))
		fake.Meddle(nil)
		got, rerr := s.Document(t.Context(), "runs/a")
		if rerr != nil || len(got) != 250_000 || !bytes.Equal(got, bytes.Repeat(got[:1], len(got))) {
			t.Fatalf("cut after %d calls: Document = %d bytes, %v", cut, len(got), rerr)
		}
		if err == nil && got[0] != byte('1'+cut) {
			t.Errorf("cut after %d calls: it was written, and is not there", cut)
		}
	}
	// A piece of long ago that no document names, as a killed process leaves it.
	fake.Put(companion, milvustest.Row{
		"id": "piece:0000000000000001-X:00000000", "kind": "piece", "path": "runs/a", "root": "0000000000000001-X", "reason": "", "data": []byte(`{}`),
		"vector": []float32{1, 0},
	})
	if err := s.PutDocument(t.Context(), "runs/a", data('z')); err != nil {
		t.Fatal(err)
	}
	if fake.Row(companion, "piece:0000000000000001-X:00000000") != nil {
		t.Error("a piece of long ago is there still")
	}
	if err := s.DeleteDocument(t.Context(), "runs/a"); err != nil {
		t.Fatal(err)
	}
}

// What is not what was written is reported, and can be replaced.
func TestDamagedDocument(t *testing.T) {
	fake := milvustest.Start(t)
	s := open(t, options(fake))
	const companion, id = "default_0123456789ab_meta", "document:a"
	if err := s.PutDocument(t.Context(), "a", []byte("some data")); err != nil {
		t.Fatal(err)
	}
	sound := fake.Row(companion, id)
	for _, spoil := range []func(milvustest.Row){
		func(r milvustest.Row) { r["reason"] = "!" },
		func(r milvustest.Row) { r["reason"] = strings.Repeat("A", 12) },
		func(r milvustest.Row) { r["data"] = []byte(`[]`) },
		func(r milvustest.Row) { r["data"] = []byte(`{"size":-1}`) },
		func(r milvustest.Row) { r["data"] = []byte(`{"size":1e18,"version":"x","pieces":1000000000}`) },
		func(r milvustest.Row) { r["data"] = []byte(`{"size":1000,"version":"x","pieces":2}`) },
	} {
		row := fake.Row(companion, id)
		spoil(row)
		fake.Put(companion, row)
		if _, err := s.Document(t.Context(), "a"); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "document a") {
			t.Errorf("%v: Document = %v", row, err)
		}
		if found := problems(t, s); len(found) != 1 || !strings.Contains(found[0], "document a") {
			t.Errorf("%v: Verify found %q", row, found)
		}
		fake.Put(companion, sound)
	}
	row := fake.Row(companion, id)
	row["reason"] = strings.Repeat("A", 12)
	fake.Put(companion, row)
	var told []string
	if err := s.Repair(t.Context(), func(string) {}, func(text string) { told = append(told, text) }); err != nil || len(told) != 1 {
		t.Fatalf("Repair told %q, %v", told, err)
	}
	if _, err := s.Document(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after Repair, Document = %v", err)
	}
	if found := problems(t, s); len(found) != 0 {
		t.Errorf("after Repair, Verify found %q", found)
	}
	fake.Put(companion, milvustest.Row{
		"id": id, "kind": "document", "path": "a", "root": "", "reason": "", "data": []byte(`[]`), "vector": []float32{1, 0},
	})
	if err := s.PutDocument(t.Context(), "a", []byte("new")); err != nil {
		t.Fatal(err)
	}
	if data, err := s.Document(t.Context(), "a"); err != nil || string(data) != "new" {
		t.Errorf("Document = %q, %v", data, err)
	}
}

func problems(t *testing.T, s *milvus.Store) (found []string) {
	t.Helper()
	if err := s.Verify(t.Context(), func(problem string) { found = append(found, problem) }); err != nil {
		t.Fatal(err)
	}
	return found
}
