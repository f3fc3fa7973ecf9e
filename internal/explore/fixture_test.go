package explore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

const testDim = 32

var testModel = store.Model{Fingerprint: "f", Name: "m", Dim: testDim}

// openLocal makes an empty index.
func openLocal(t *testing.T) store.Store {
	t.Helper()
	st, err := local.Open(t.Context(), local.Options{Dir: t.TempDir(), Collection: "c", Mode: store.Create, Model: testModel})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// openMilvus makes an empty index on a server that is a fake.
func openMilvus(t *testing.T) store.Store {
	t.Helper()
	st, err := milvus.Open(t.Context(), milvus.Options{
		Address: milvustest.Start(t).Address, Collection: "c", Mode: store.Create, Consistency: "strong", CallTimeout: time.Minute, Model: testModel,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// things are what the pictures of tests show.
var things = []string{"anchor", "barrel", "cactus", "dagger", "engine", "feather"}

// classifier is made of things and of some other labels.
func classifier(t *testing.T) *zeroshot.Classifier {
	t.Helper()
	var labels []label.Label
	for _, name := range append([]string{"zipper", "yarn"}, things...) {
		labels = append(labels, label.Label{Name: name})
	}
	list, err := label.NewList("test", labels)
	if err != nil {
		t.Fatal(err)
	}
	c, err := zeroshot.Prepare(t.Context(), cliptest.New(testDim), list, zeroshot.Options{Templates: []string{"{}"}, Background: []string{"nothing at all", "something else"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// planted makes pictures of things, n of them in turn from the first one on. Those from
// other are of other content.
func planted(t *testing.T, c *zeroshot.Classifier, first, n int, noise float64) []store.Record {
	t.Helper()
	r := rand.New(rand.NewPCG(1, uint64(first)))
	out := make([]store.Record, n)
	for i := range out {
		number := first + i
		thing := number % len(things)
		v := make([]float32, testDim)
		for j := range v {
			v[j] = c.Labels().Row(2 + thing)[j] + float32(noise*r.NormFloat64())
		}
		if err := vec.Normalize(v); err != nil {
			t.Fatal(err)
		}
		path := fmt.Sprintf("/p/%s/%d.png", things[thing], number)
		out[i] = store.Record{ID: store.ID("c", path), Path: path, Root: "/p", Size: 1, ModTime: time.Unix(int64(number), 0), Vector: v, Format: "png", ContentHash: make([]byte, 32)}
		copy(out[i].ContentHash, fmt.Sprintf("%04d", number))
	}
	return out
}

func upsert(t *testing.T, st store.Store, records []store.Record) {
	t.Helper()
	if err := st.Upsert(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	if err := st.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// pathsOf are the paths of some ids.
func pathsOf(t *testing.T, ctx context.Context, st store.Store, ids []string) []string {
	t.Helper()
	records, err := st.Get(ctx, ids)
	if err != nil || len(records) != len(ids) {
		t.Fatalf("%d of %d records, %v", len(records), len(ids), err)
	}
	out := make([]string, len(records))
	for i, r := range records {
		out[i] = r.Path
	}
	return out
}
