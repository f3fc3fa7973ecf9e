package app

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
)

// listed are the names of the collections and their numbers of records.
func listed(t *testing.T, e *Env, cfg config.Config) map[string]int64 {
	t.Helper()
	k, err := e.OpenCollections(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	all, err := k.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]int64)
	for _, c := range all {
		out[c.Name] = c.Records
	}
	return out
}

// A renamed collection is the same index: nothing is new to the next run, a picture is
// found by its path, and a rebuild and another name change nothing in that.
func TestCollections(t *testing.T) {
	onEachStore(t, func(t *testing.T, cfg config.Config) {
		e, _ := newEnv(t)
		if got := listed(t, e, cfg); len(got) != 0 {
			t.Errorf("collections %v before there is any", got)
		}
		dir := photos(t, 3)
		other := cfg
		other.Collection = "Other.Photos"
		indexed(t, e, cfg, IndexRequest{Paths: []string{dir}})
		indexed(t, e, other, IndexRequest{Paths: []string{photos(t, 2)}})
		if diff := cmp.Diff(map[string]int64{cfg.Collection: 3, "Other.Photos": 2}, listed(t, e, cfg)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}

		k, err := e.OpenCollections(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		for _, bad := range []struct {
			from, to string
			want     error
		}{
			{cfg.Collection, "Other.Photos", store.ErrExists}, {"none", "new", store.ErrNoIndex},
			{cfg.Collection, "runs", nil}, {cfg.Collection, "Models", nil}, {cfg.Collection, "../x", nil}, {"../x", "new", nil},
		} {
			if err := k.RenameCollection(t.Context(), bad.from, bad.to); err == nil || bad.want != nil && !errors.Is(err, bad.want) {
				t.Errorf("%s to %s: %v", bad.from, bad.to, err)
			}
		}
		was := cfg.Collection
		for _, name := range []string{"holidays", "a-b"} {
			if err := k.RenameCollection(t.Context(), cfg.Collection, name); err != nil {
				t.Fatal(err)
			}
			cfg.Collection = name
			out := indexed(t, e, cfg, IndexRequest{Paths: []string{dir}})
			if out.Unchanged != 3 || out.Added != 0 {
				t.Errorf("as %s: %+v", name, out.Report)
			}
			search, err := e.OpenSearch(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := search.Find(t.Context(), filepath.Join(dir, "a.png")); err != nil {
				t.Error(err)
			}
			search.Close()
		}
		cfg.Pixels = "exact"
		indexed(t, e, cfg, IndexRequest{Work: RebuildIndex})
		if out := indexed(t, e, cfg, IndexRequest{Paths: []string{dir}}); out.Unchanged != 3 {
			t.Errorf("after a rebuild: %+v", out.Report)
		}
		if diff := cmp.Diff(map[string]int64{"a-b": 3, "Other.Photos": 2}, listed(t, e, cfg)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}

		// The old name is free again.
		again := cfg
		again.Collection, again.Pixels = was, ""
		if out := indexed(t, e, again, IndexRequest{Paths: []string{dir}}); out.Added != 3 {
			t.Errorf("a new collection under the old name: %+v", out.Report)
		}
		for _, name := range []string{"a-b", was} {
			if err := k.DropCollection(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
		if err := k.DropCollection(t.Context(), was); !errors.Is(err, store.ErrNoIndex) {
			t.Errorf("dropped twice: %v", err)
		}
		if diff := cmp.Diff(map[string]int64{"Other.Photos": 2}, listed(t, e, cfg)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if out := indexed(t, e, again, IndexRequest{Paths: []string{dir}}); out.Added != 3 {
			t.Errorf("made again: %+v", out.Report)
		}
	})
}

// What is called like a folder of ours cannot be made, on any store.
func TestReservedCollections(t *testing.T) {
	onEachStore(t, func(t *testing.T, cfg config.Config) {
		e, _ := newEnv(t)
		for _, name := range []string{"runs", "models", "Cache"} {
			cfg.Collection = name
			_, err := e.OpenIndexJob(t.Context(), cfg, IndexRequest{Paths: []string{photos(t, 1)}})
			if kind, hint := Explain(err); kind != fault.Usage || hint == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
