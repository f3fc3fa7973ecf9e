package app

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
)

func TestStoreKinds(t *testing.T) {
	if kinds := StoreKinds(); kinds[0] != config.Default().Store || !slices.Contains(kinds, "milvus") {
		t.Errorf("kinds of store: %v, the default is %s", kinds, config.Default().Store)
	}
	cfg := config.Default()
	cfg.Store = "cloud"
	_, err := (&Env{}).OpenStore(t.Context(), cfg, store.ReadOnly, store.Model{})
	if kind, _ := Explain(err); !errors.Is(err, config.ErrInvalid) || kind != fault.Usage {
		t.Errorf("a kind that there is not: %v, kind %v", err, kind)
	}
}

// The rules of a kind of store are found, and an interruption comes before them.
func TestRulesOfStores(t *testing.T) {
	if kind, hint := Explain(fmt.Errorf("open: %w", store.ErrUnavailable)); kind != fault.Unreachable || hint == "" {
		t.Errorf("a server that is away: kind %v, hint %q", kind, hint)
	}
	if kind, _ := Explain(fmt.Errorf("%w: %w", store.ErrUnavailable, fault.ErrInterrupted)); kind != fault.Interrupted {
		t.Errorf("an interrupted call: kind %v", kind)
	}
}
