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

// contract is what the server cannot do, however it is asked.
var contract = storetest.Opts{TornReads: true, LooseTies: true}

func TestContractOnStandalone(t *testing.T) { testContract(t, standalone) }

func TestContractOnLite(t *testing.T) { testContract(t, lite) }

func TestContractOnFake(t *testing.T) { runContract(t, milvustest.Start(t).Address, "") }

func testContract(t *testing.T, server server) {
	address := server.address(t)
	runContract(t, address, uniqueName(t, address))
}

func runContract(t *testing.T, address, prefix string) {
	storetest.Run(t, func(ctx context.Context, index string, m store.Model) (store.Store, error) {
		s, err := milvus.Open(ctx, milvus.Options{
			Address: address, Collection: prefix + index, Mode: milvus.Create, Model: m, Consistency: "strong",
			CallTimeout: time.Minute,
		})
		if err != nil {
			return nil, err
		}
		return s, nil
	}, contract)
}
