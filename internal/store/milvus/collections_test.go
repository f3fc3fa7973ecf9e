package milvus_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

// A collection that another client drops while all are listed hides no other one, at
// whichever call of the list it goes.
func TestListWhileOneIsDropped(t *testing.T) {
	t.Parallel()
	const limit = 1000
	for before := 1; ; before++ {
		if before == limit {
			t.Fatal("the list has no end")
		}
		fake := milvustest.Start(t)
		for _, name := range []string{"going", "kept", "last"} {
			o := options(fake)
			o.Collection = name
			s := open(t, o)
			upsert(t, s, records(2)...)
			s.Close()
		}
		c, err := milvus.OpenCollections(t.Context(), options(fake))
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		fake.Meddle(func(_ context.Context, _ string, _ any, next func() (any, error)) (any, error) {
			if calls++; calls == before {
				for _, name := range fake.Names() {
					if strings.HasPrefix(name, "going") {
						fake.Remove(name)
					}
				}
			}
			return next()
		})
		list, err := c.Collections(t.Context())
		fake.Meddle(nil)
		c.Close()
		if err != nil {
			t.Fatalf("dropped before call %d: %v", before, err)
		}
		names := make(map[string]int64)
		for _, l := range list {
			names[l.Name] = l.Records
		}
		if names["kept"] != 2 || names["last"] != 2 {
			t.Fatalf("dropped before call %d: %v", before, names)
		}
		if calls < before { // it was dropped before no call: the list is whole
			if !slices.ContainsFunc(list, func(l store.Collection) bool { return l.Name == "going" }) {
				t.Errorf("nothing was dropped: %v", names)
			}
			return
		}
	}
}
