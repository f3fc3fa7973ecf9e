package milvus_test

import (
	"context"
	"testing"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
	"github.com/sightline/sightline/internal/store/storetest"
)

func TestContractOnStandalone(t *testing.T) { testContract(t, standalone, 8) }

// Milvus Lite loses the files of its aliases when several are made at once.
func TestContractOnLite(t *testing.T) { testContract(t, lite, 1) }

func TestContractOnFake(t *testing.T) {
	t.Parallel()
	runContract(t, milvus.Options{Address: milvustest.Start(t).Address}, "", 2)
}

// The same without a network and without an SDK: the store needs no more of a server than
// what service.Service says.
func TestContractInProcess(t *testing.T) {
	t.Parallel()
	runContract(t, milvus.Options{Address: "in-process:0", Service: milvustest.Start(t).Service()}, "", 2)
}

func testContract(t *testing.T, server server, atOnce int) {
	t.Parallel()
	address := server.address(t)
	runContract(t, milvus.Options{Address: address}, uniqueName(t, address), atOnce)
}

// runContract runs the contract but for what a server cannot do, however it is asked.
func runContract(t *testing.T, o milvus.Options, prefix string, atOnce int) {
	storetest.Run(t, func(ctx context.Context, index string, m store.Model) (store.Store, error) {
		o := o
		o.Collection, o.Mode, o.Model, o.Consistency, o.CallTimeout = prefix+index, store.Create, m, "strong", time.Minute
		s, err := milvus.Open(ctx, o)
		if err != nil {
			return nil, err
		}
		return s, nil
	}, storetest.Opts{TornReads: true, LooseTies: true, AtOnce: atOnce})
}
