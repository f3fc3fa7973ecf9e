package milvus_test

import (
	"context"
	"strings"
	"testing"

	"github.com/milvus-io/milvus-proto/go-api/v2/milvuspb"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

// Servers know different types of indexes of texts.
func TestContentHashIsIndexed(t *testing.T) {
	for _, test := range []struct{ refused, want string }{{"", "INVERTED"}, {"INVERTED", "Trie"}, {"INVERTED Trie", ""}} {
		fake := milvustest.Start(t)
		fake.Meddle(func(_ context.Context, _ string, req any, next func() (any, error)) (any, error) {
			if r, ok := req.(*milvuspb.CreateIndexRequest); ok {
				for _, p := range r.ExtraParams {
					if p.Key == "index_type" && strings.Contains(test.refused, p.Value) {
						return milvustest.Status(1100, "invalid index type: "+p.Value), nil
					}
				}
			}
			return next()
		})
		s := open(t, options(fake))
		upsert(t, s, records(3)...)
		if got := fake.Index(physical, "content_hash")["index_type"]; got != test.want {
			t.Errorf("without %q the index is %q, want %q", test.refused, got, test.want)
		}
		fake.Meddle(nil)
	}
}

func TestContentHashIsIndexedOnStandalone(t *testing.T) { testContentHash(t, standalone) }

func TestContentHashIsIndexedOnLite(t *testing.T) { testContentHash(t, lite) }

func testContentHash(t *testing.T, server server) {
	t.Parallel()
	address := server.address(t)
	name := uniqueName(t, address) + "hash"
	s := open(t, milvus.Options{Address: address, Collection: name, Mode: store.Create, Model: model, Consistency: "strong"})
	all := records(50)
	for i := range all {
		all[i].ContentHash = make([]byte, 32)
		all[i].ContentHash[0] = byte(i / 2)
	}
	upsert(t, s, all...)
	have, err := connect(t, address).DescribeIndex(t.Context(), name+"_0123456789ab", "content_hash")
	t.Logf("%s: %d indexes, %v", server.kind, len(have), err)
	if server.kind == "standalone" && (err != nil || len(have) != 1) {
		t.Errorf("the content hash has %d indexes, %v", len(have), err)
	}
	for i := range all {
		found, err := s.FindContent(t.Context(), all[i].ContentHash, 10)
		if err != nil || len(found) != 2 {
			t.Fatalf("FindContent = %d, %v", len(found), err)
		}
	}
}
