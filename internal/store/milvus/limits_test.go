package milvus_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/milvus-io/milvus-proto/go-api/v2/milvuspb"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

// What goes beyond a limit of the server is an error of that record alone, found before
// anything is sent.
func TestRecordBeyondALimit(t *testing.T) {
	for name, change := range map[string]func(*store.Record){
		"many tags": func(r *store.Record) {
			for i := range 5000 {
				r.Tags = append(r.Tags, store.Tag{Label: fmt.Sprint("keyword ", i), Source: "file"})
			}
		},
		"a long tag":  func(r *store.Record) { r.Tags = []store.Tag{{Label: strings.Repeat("x", 70_000), Source: "file"}} },
		"a long path": func(r *store.Record) { r.Path = "/" + strings.Repeat("ä/", 30_000) },
		"a long root": func(r *store.Record) { r.Root = "/" + strings.Repeat("x", 70_000) },
		"no vector":   func(r *store.Record) { r.Vector = nil },
	} {
		t.Run(name, func(t *testing.T) {
			server := milvustest.Start(t)
			st := open(t, options(server))
			all := records(9)
			change(&all[4])
			before := server.Calls("Upsert")
			err := st.Upsert(t.Context(), all)
			var bad *store.RecordError
			if !errors.As(err, &bad) || bad.ID != all[4].ID || bad.Path != all[4].Path || len(err.Error()) > 1000 {
				t.Fatalf("error %.300v", err)
			}
			if server.Calls("Upsert") != before {
				t.Error("something was sent")
			}
			if err := st.Upsert(t.Context(), append(all[:4:4], all[5:]...)); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("the path of a failure", func(t *testing.T) {
		st := open(t, options(milvustest.Start(t)))
		f := store.Failure{ID: store.ID("default", "x"), Path: "/" + strings.Repeat("x", 70_000), Reason: "bad"}
		var bad *store.RecordError
		if err := st.RecordFailures(t.Context(), []store.Failure{f}); !errors.As(err, &bad) || bad.ID != f.ID {
			t.Errorf("error %.300v", err)
		}
	})
}

// A server may have limits that we do not know of: the record that it refuses is found by
// halving the message, and what it says of another kind is no record's fault.
func TestServerRefusesARecord(t *testing.T) {
	const marked = "7.jpg"
	refuses := func(answer func() (any, error)) milvustest.Meddler {
		return func(_ context.Context, method string, req any, next func() (any, error)) (any, error) {
			up, ok := req.(*milvuspb.UpsertRequest)
			if !ok || !strings.Contains(fmt.Sprint(up.GetFieldsData()), marked) {
				return next()
			}
			return answer()
		}
	}
	says := func(code int32, reason string) func() (any, error) {
		return func() (any, error) {
			return &milvuspb.MutationResult{Status: milvustest.Status(code, reason)}, nil
		}
	}
	for _, c := range []struct {
		name   string
		answer func() (any, error)
		record bool
	}{
		{"a long text", says(1100, "the length (70000) of string exceeds max length (65535): invalid parameter"), true},
		{"a full array", says(1100, "the number of elements exceeds max capacity"), true},
		{"something else", says(1100, "field vector has the wrong type"), false},
		{"a quota", says(9, "disk quota exceeded, size is full"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := milvustest.Start(t)
			st := open(t, options(server))
			server.Meddle(refuses(c.answer))
			err := st.Upsert(t.Context(), records(10))
			server.Meddle(nil)
			var bad *store.RecordError
			if got := errors.As(err, &bad); got != c.record || err == nil {
				t.Fatalf("error %v", err)
			}
			if c.record && !strings.HasSuffix(bad.Path, "/"+marked) {
				t.Errorf("it is said of %s", bad.Path)
			}
		})
	}
}
