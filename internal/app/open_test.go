package app

import (
	"context"
	"errors"
	"testing"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

// onEachStore runs a test with settings of an empty embedded store, and with those of
// an empty server.
func onEachStore(t *testing.T, test func(t *testing.T, cfg config.Config)) {
	t.Run("local", func(t *testing.T) { test(t, settings(t)) })
	t.Run("milvus", func(t *testing.T) {
		cfg := settings(t)
		cfg.Store, cfg.Milvus.Address = "milvus", milvustest.Start(t).Address
		test(t, cfg)
	})
}

// Which model an index is opened with, and that the store is opened once for it.
func TestOpenIndexAdopts(t *testing.T) {
	onEachStore(t, func(t *testing.T, cfg config.Config) {
		e, n := newEnv(t)
		for _, c := range []struct {
			name                      string
			model, precision, pixels  string // asked for
			access                    store.Mode
			wantModel, wantPre, wantX string
			err                       error
			mismatch                  bool
			opens                     int
		}{
			{name: "no index yet, to read", access: store.ReadOnly, err: store.ErrNoIndex},
			{name: "no index yet, to write", access: store.ReadWrite, err: store.ErrNoIndex},
			{name: "a new index", access: store.Create, model: "big", precision: "int8", pixels: "exact", wantModel: "big", wantPre: "int8", wantX: "exact", opens: 1},
			{name: "its own model", access: store.Create, wantModel: "big", wantPre: "int8", wantX: "exact", opens: 1},
			{name: "its own model, to write", access: store.ReadWrite, wantModel: "big", wantPre: "int8", wantX: "exact", opens: 1},
			{name: "its own model, to read", access: store.ReadOnly, wantModel: "big", wantPre: "int8", wantX: "exact", opens: 1},
			{name: "its own pixels, for a model that is named", access: store.ReadOnly, model: "big", precision: "int8", wantModel: "big", wantPre: "int8", wantX: "exact", opens: 1},
			{name: "another model, to read", access: store.ReadOnly, model: "other", mismatch: true},
			{name: "another model, to write", access: store.ReadWrite, model: "other", mismatch: true},
			{name: "another model, to create", access: store.Create, model: "other", mismatch: true},
			{name: "other pixels", access: store.ReadWrite, pixels: "fast", mismatch: true},
		} {
			t.Run(c.name, func(t *testing.T) {
				before := n.opens
				asked := cfg
				asked.Model, asked.Precision, asked.Pixels = c.model, c.precision, c.pixels
				open, err := e.OpenIndex(t.Context(), asked, c.access, OneQuery)
				if n.opens-before != c.opens {
					t.Errorf("the store was opened %d times, want %d", n.opens-before, c.opens)
				}
				var m *store.ModelMismatchError
				if errors.As(err, &m) != c.mismatch || c.err != nil && !errors.Is(err, c.err) {
					t.Errorf("error %v", err)
				}
				if c.err != nil || c.mismatch {
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer open.Close()
				got := open.Store.Model()
				if got.Name != c.wantModel || got.Precision != c.wantPre || got.Pixels != c.wantX {
					t.Errorf("the index has the model %+v", got)
				}
				if s := open.Encoder.Spec(); modelOf(s) != got {
					t.Errorf("the model is %+v, that of the index %+v", modelOf(s), got)
				}
			})
		}
	})
}

// A new index without a model gets the starter, and a model that cannot be opened
// leaves nothing behind.
func TestOpenIndexNew(t *testing.T) {
	onEachStore(t, func(t *testing.T, cfg config.Config) {
		e, n := newEnv(t)
		n.failModel = errors.New("no such model")
		if _, err := e.OpenIndex(t.Context(), cfg, store.Create, ManyFiles); !errors.Is(err, n.failModel) || err.Error() != "no such model" {
			t.Errorf("error %v", err)
		}
		n.failModel = nil
		if _, err := e.OpenIndex(t.Context(), cfg, store.ReadOnly, ManyFiles); !errors.Is(err, store.ErrNoIndex) {
			t.Errorf("an index was made for a model that there is not: %v", err)
		}
		open, err := e.OpenIndex(t.Context(), cfg, store.Create, ManyFiles)
		if err != nil {
			t.Fatal(err)
		}
		defer open.Close()
		if m := open.Store.Model(); m.Name != StarterModel || m.Pixels != "fast" {
			t.Errorf("the new index has the model %+v", m)
		}
		if _, err := e.OpenIndex(t.Context(), cfg, store.Rebuild, ManyFiles); err == nil {
			t.Error("a rebuild can be opened without a job")
		}
	})
}

// A server is connected to once, whatever the index is opened for.
func TestOpenIndexConnectsOnce(t *testing.T) {
	server := milvustest.Start(t)
	e, _ := newEnv(t)
	cfg := settings(t)
	cfg.Store, cfg.Milvus.Address = "milvus", server.Address
	for i, access := range []store.Mode{store.Create, store.Create, store.ReadWrite, store.ReadOnly} {
		before := server.Calls("Connect")
		open, err := e.OpenIndex(t.Context(), cfg, access, OneQuery)
		if err != nil {
			t.Fatal(err)
		}
		if err := open.Close(); err != nil {
			t.Fatal(err)
		}
		if n := server.Calls("Connect") - before; n != 1 {
			t.Errorf("call %d, access %d: %d connections", i, access, n)
		}
	}
}

func TestAdoptModel(t *testing.T) {
	e, _ := newEnv(t)
	cfg := settings(t)
	adopted := func(cfg config.Config) [3]string {
		t.Helper()
		got, err := e.AdoptModel(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		return [3]string{got.Model, got.Precision, got.Pixels}
	}
	if got := adopted(cfg); got != [3]string{StarterModel, "", "fast"} {
		t.Errorf("without an index: %q", got)
	}
	built := cfg
	built.Model, built.Precision, built.Pixels = "big", "fp16", "exact"
	indexed(t, e, built, IndexRequest{Paths: []string{photos(t, 1)}})
	if got := adopted(cfg); got != [3]string{"big", "fp16", "exact"} {
		t.Errorf("with an index: %q", got)
	}
	cfg.Precision = "int8"
	if got := adopted(cfg); got != [3]string{"big", "int8", "exact"} {
		t.Errorf("with a precision: %q", got)
	}
	cfg.Model = "other"
	if got := adopted(cfg); got != [3]string{"other", "int8", "fast"} {
		t.Errorf("with a model: %q", got)
	}
}

// How often each of the commands that write opens its store and scans it.
func TestOpensAndScans(t *testing.T) {
	onEachStore(t, func(t *testing.T, cfg config.Config) {
		e, n := newEnv(t)
		a, b := photos(t, 6), photos(t, 6)
		run := func(r IndexRequest) func() error {
			return func() error { indexed(t, e, cfg, r); return nil }
		}
		prune := func() error {
			st, err := e.OpenStore(t.Context(), cfg, store.ReadWrite, store.Model{})
			if err != nil {
				return err
			}
			_, _, err = index.Prune(t.Context(), st, nil, index.Guarded)
			return errors.Join(err, st.Close())
		}
		rebuild := cfg
		rebuild.Pixels = "exact"
		for _, c := range []struct {
			name         string
			do           func() error
			opens, scans int
		}{
			{"a first run", run(IndexRequest{Paths: []string{a, b}}), 1, 0},
			{"nothing new", run(IndexRequest{Paths: []string{a, b}}), 1, 0},
			{"retry", run(IndexRequest{Work: Retry}), 1, 0},
			{"prune", prune, 1, 1},
			// Of the old index, for its paths and for its tags; none of the new one.
			{"rebuild", func() error { indexed(t, e, rebuild, IndexRequest{Work: RebuildIndex}); return nil }, 2, 2},
			{"a run after it", run(IndexRequest{Paths: []string{a, b}}), 1, 0},
		} {
			*n = counted{}
			if err := c.do(); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if n.opens != c.opens || n.scans != c.scans {
				t.Errorf("%s: %d opens and %d scans, want %d and %d", c.name, n.opens, n.scans, c.opens, c.scans)
			}
		}
	})
}

func TestOpenCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e, _ := newEnv(t)
	cfg := settings(t)
	if open, err := e.OpenIndex(ctx, cfg, store.Create, OneQuery); err == nil {
		open.Close()
		t.Error("an index was opened under a context that has ended")
	}
}
