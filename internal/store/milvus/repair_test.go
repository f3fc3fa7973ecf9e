package milvus_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

func TestRepair(t *testing.T) {
	fake := milvustest.Start(t)
	o := options(fake)
	o.LeaseEvery = 500 * time.Millisecond
	testRepair(t, o, func() { fake.DropAliases() })
}

func TestRepairOnStandalone(t *testing.T) { testRepairOn(t, standalone) }

func TestRepairOnLite(t *testing.T) { testRepairOn(t, lite) }

func testRepairOn(t *testing.T, server server) {
	t.Parallel()
	address := server.address(t)
	o := milvus.Options{
		Address: address, Collection: uniqueName(t, address) + "repair", Mode: store.Create, Model: model, Consistency: "strong",
	}
	bare := connect(t, address)
	testRepair(t, o, func() {
		if err := bare.DropAlias(context.Background(), o.Collection); err != nil {
			t.Fatal(err)
		}
	})
}

// testRepair loses the alias of an index with the collections of two models.
func testRepair(t *testing.T, o milvus.Options, lose func()) {
	first := open(t, o)
	upsert(t, first, records(5)...)
	first.Close()
	second := o
	second.Mode, second.Model.Fingerprint = store.Rebuild, "fedcba9876543210"
	built := open(t, second)
	upsert(t, built, records(3)...)
	lose()
	one, other := o.Collection+"_0123456789ab", o.Collection+"_fedcba987654"

	reader := o
	reader.Mode, reader.Model = store.ReadOnly, store.Model{}
	for _, mode := range []store.Mode{store.ReadOnly, store.ReadWrite} {
		reader.Mode = mode
		_, err := milvus.Open(t.Context(), reader)
		if !errors.Is(err, store.ErrNoIndex) || errors.Is(err, store.ErrDamaged) || !strings.Contains(hint(err), " --use COLLECTION makes one") ||
			!strings.Contains(err.Error(), one+" (5 pictures, of model test fp32 [0123456789ab])") ||
			!strings.Contains(err.Error(), other+" (3 pictures, of model test fp32 [fedcba987654])") {
			t.Fatalf("Open = %v, hint %q", err, hint(err))
		}
	}
	if _, err := milvus.Repair(t.Context(), o, ""); err == nil || !strings.Contains(err.Error(), one) {
		t.Errorf("Repair of nothing = %v", err)
	}
	for _, wrong := range []string{"default", one + "_meta", "nothing", o.Collection} {
		if _, err := milvus.Repair(t.Context(), o, wrong); err == nil || !strings.Contains(err.Error(), one) {
			t.Errorf("Repair with %s = %v", wrong, err)
		}
	}
	if _, err := milvus.Repair(t.Context(), o, other); !errors.Is(err, store.ErrLocked) {
		t.Errorf("Repair with what is being built = %v", err)
	}
	x, err := milvus.Repair(t.Context(), o, one)
	if err != nil || x.Name != one || x.Records != 5 || !x.Current || x.Model != model {
		t.Fatalf("Repair = %+v, %v", x, err)
	}
	if n, err := open(t, reader).Count(t.Context(), nil); n != 5 || err != nil {
		t.Errorf("Count = %d, %v", n, err)
	}
	built.Close()
	if _, err := milvus.Repair(t.Context(), o, other); err != nil { // from one that is in use
		t.Fatal(err)
	}
	if x, err := milvus.Repair(t.Context(), o, ""); err != nil || x.Name != other {
		t.Errorf("in use is %+v, %v", x, err)
	}
	lose()
	open(t, o).Close() // making it puts it right too
	if x, err := milvus.Repair(t.Context(), o, ""); err != nil || x.Name != one || x.Records != 5 {
		t.Errorf("in use is %+v, %v", x, err)
	}
}
