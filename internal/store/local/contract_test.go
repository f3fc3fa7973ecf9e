package local_test

import (
	"context"
	"testing"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/store/storetest"
)

func TestContract(t *testing.T) {
	dir := t.TempDir()
	storetest.Run(t, func(ctx context.Context, index string, m store.Model) (store.Store, error) {
		return local.Open(ctx, local.Options{Dir: dir, Collection: index, Mode: store.Create, Model: m})
	}, storetest.Opts{})
}
