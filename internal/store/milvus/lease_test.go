package milvus_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

func TestRebuildIsNotPruned(t *testing.T) {
	o := options(milvustest.Start(t))
	o.LeaseEvery = 500 * time.Millisecond
	testRebuildIsNotPruned(t, o)
}

func TestRebuildIsNotPrunedOnStandalone(t *testing.T) {
	t.Parallel()
	address := standalone.address(t)
	testRebuildIsNotPruned(t, milvus.Options{
		Address: address, Collection: uniqueName(t, address) + "lease", Mode: store.Create, Model: model, Consistency: "strong",
		LeaseEvery: 2 * time.Second, // the machine may be busy
	})
}

// testRebuildIsNotPruned lets one process build an index while another removes those of
// earlier models.
func testRebuildIsNotPruned(t *testing.T, o milvus.Options) {
	old := open(t, o)
	upsert(t, old, records(5)...)
	o.Mode, o.Model.Fingerprint = store.Rebuild, "fedcba9876543210"
	built := open(t, o)
	upsert(t, built, records(2)...)

	other := o
	other.Mode, other.Model = store.ReadWrite, store.Model{}
	pruner := open(t, other)
	name := strings.TrimSuffix(o.Collection, "_") + "_fedcba987654"
	time.Sleep(o.LeaseEvery * 4) // the lease lives longer than one sign of life
	err := pruner.DropModelIndex(t.Context(), name)
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "process") {
		t.Fatalf("dropping what is being built = %v", err)
	}
	upsert(t, built, records(4)...)
	if n, err := built.Count(t.Context(), nil); n != 4 || err != nil {
		t.Errorf("the rebuild has %d records, %v", n, err)
	}
	// A refusal leaves nothing behind that keeps writers away.
	again := open(t, o)
	again.Close()
	built.Close()
	if err := pruner.DropModelIndex(t.Context(), name); err != nil {
		t.Errorf("dropping what nobody writes = %v", err)
	}
}

// An index that another process writes, or builds beside the one in use, is neither removed
// nor renamed, whichever command asks.
func TestCollectionThatIsWritten(t *testing.T) {
	t.Parallel()
	testCollectionThatIsWritten(t, options(milvustest.Start(t)))
}

func TestCollectionThatIsWrittenOnStandalone(t *testing.T) {
	t.Parallel()
	address := standalone.address(t)
	testCollectionThatIsWritten(t, milvus.Options{
		Address: address, Collection: uniqueName(t, address) + "written", Mode: store.Create, Model: model, Consistency: "strong",
	})
}

func testCollectionThatIsWritten(t *testing.T, o milvus.Options) {
	used := open(t, o)
	upsert(t, used, records(3)...)
	used.Close()
	o.Mode, o.Model.Fingerprint = store.Rebuild, "fedcba9876543210"
	built := open(t, o)
	upsert(t, built, records(2)...)

	c, err := milvus.OpenCollections(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.DropCollection(t.Context(), o.Collection); !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), "process") {
		t.Fatalf("removing what is being built = %v", err)
	}
	if err := c.RenameCollection(t.Context(), o.Collection, o.Collection+"2"); !errors.Is(err, store.ErrLocked) {
		t.Fatalf("renaming what is being built = %v", err)
	}
	upsert(t, built, records(4)...)
	// A refusal leaves nothing behind that keeps writers away.
	plain := o
	plain.Mode, plain.Model = store.ReadWrite, store.Model{}
	writer := open(t, plain)
	if n, err := writer.Count(t.Context(), nil); n != 3 || err != nil {
		t.Errorf("the index in use has %d records, %v", n, err)
	}
	writer.Close()
	built.Close()
	if err := c.RenameCollection(t.Context(), o.Collection, o.Collection+"2"); err != nil {
		t.Fatalf("renaming what nobody writes = %v", err)
	}
	plain.Collection += "2"
	writer = open(t, plain) // it may be written at once
	upsert(t, writer, records(4)...)
	writer.Close()
	if err := c.DropCollection(t.Context(), plain.Collection); err != nil {
		t.Fatalf("removing what nobody writes = %v", err)
	}
	if _, err := milvus.Open(t.Context(), plain); !errors.Is(err, store.ErrNoIndex) {
		t.Errorf("opening what was removed = %v", err)
	}
}

// A process that was killed leaves its lease.
func TestLeaseOfAKilledProcess(t *testing.T) {
	fake := milvustest.Start(t)
	o := options(fake)
	o.LeaseEvery = 50 * time.Millisecond
	open(t, o)
	rebuild := o
	rebuild.Mode, rebuild.Model.Fingerprint = store.Rebuild, "fedcba9876543210"
	open(t, rebuild).Close()
	const name = "default_fedcba987654"
	put := func(at time.Time) {
		fake.Put(name+"_meta", milvustest.Row{
			"id": "lease:X", "kind": "lease", "path": "", "root": "", "reason": "", "vector": []float32{1, 0},
			"data": []byte(`{"host":"away","pid":7,"at":` + stamp(at) + `}`),
		})
	}
	pruner := open(t, o)
	put(time.Now().Add(time.Hour)) // a clock that is ahead
	if err := pruner.DropModelIndex(t.Context(), name); !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), "away") {
		t.Errorf("dropping with a lease of the future = %v", err)
	}
	put(time.Now().Add(-time.Hour))
	start := time.Now()
	if err := pruner.DropModelIndex(t.Context(), name); err != nil || time.Since(start) < 2*o.LeaseEvery {
		t.Errorf("dropping with an old lease = %v after %s", err, time.Since(start))
	}
	if err := pruner.DropModelIndex(t.Context(), name); err != nil {
		t.Errorf("dropping what is gone = %v", err)
	}
}

// Who comes while a collection is being removed does not begin to write it.
func TestWriterDuringARemoval(t *testing.T) {
	fake := milvustest.Start(t)
	o := options(fake)
	open(t, o).Close()
	fake.Put(physical+"_meta", milvustest.Row{
		"id": "meta:dropping", "kind": "meta", "path": "", "root": "", "reason": "", "vector": []float32{1, 0},
		"data": []byte(`{"host":"away","pid":7,"at":` + stamp(time.Now()) + `}`),
	})
	if _, err := milvus.Open(t.Context(), o); !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), "away") {
		t.Errorf("Open = %v", err)
	}
	fake.Put(physical+"_meta", milvustest.Row{
		"id": "meta:dropping", "kind": "meta", "path": "", "root": "", "reason": "", "vector": []float32{1, 0},
		"data": []byte(`{"at":` + stamp(time.Now().Add(-time.Hour)) + `}`),
	})
	open(t, o) // that removal died
	if n := fake.Rows(physical + "_meta"); n < 3 {
		t.Errorf("the companion has %d rows", n)
	}
}

func stamp(at time.Time) string { return strconv.FormatInt(at.UnixNano(), 10) }
