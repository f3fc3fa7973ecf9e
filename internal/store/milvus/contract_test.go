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
	runContract(t, milvustest.Start(t).Address, "", 2)
}

func testContract(t *testing.T, server server, atOnce int) {
	t.Parallel()
	address := server.address(t)
	runContract(t, address, uniqueName(t, address), atOnce)
}

// runContract runs the contract but for what a server cannot do, however it is asked.
func runContract(t *testing.T, address, prefix string, atOnce int) {
	storetest.Run(t, func(ctx context.Context, index string, m store.Model) (store.Store, error) {
		s, err := milvus.Open(ctx, milvus.Options{
			Address: address, Collection: prefix + index, Mode: store.Create, Model: m, Consistency: "strong",
			CallTimeout: time.Minute,
		})
		if err != nil {
			return nil, err
		}
		return s, nil
	}, storetest.Opts{TornReads: true, LooseTies: true, AtOnce: atOnce})
}
