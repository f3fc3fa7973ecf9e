package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/index"
	"github.com/sightline/sightline/internal/store"
)

// interrupting ends a context as soon as a picture is durable.
type interrupting struct{ stop context.CancelFunc }

func (interrupting) Planned(int)           {}
func (interrupting) Seen(int)              {}
func (i interrupting) Embedded(int)        { i.stop() }
func (interrupting) Failed(string, string) {}
func (interrupting) WalkDone()             {}

// inUse returns the number of records and the pixels of the index that searches use.
func inUse(t *testing.T, e *Env, cfg config.Config) (records int64, pixels string) {
	t.Helper()
	st, err := e.OpenStore(t.Context(), cfg, store.ReadOnly, store.Model{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	d, err := st.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d.Records, d.Model.Pixels
}

// A rebuild covers the paths of the index in use, brings over what people tagged, and
// is not switched to before it is whole.
func TestRebuild(t *testing.T) {
	onEachStore(t, func(t *testing.T, cfg config.Config) {
		e, _ := newEnv(t)
		a, b := photos(t, 3), photos(t, 4)
		indexed(t, e, cfg, IndexRequest{Paths: []string{a}})
		indexed(t, e, cfg, IndexRequest{Paths: []string{b}})
		st, err := e.OpenStore(t.Context(), cfg, store.ReadWrite, store.Model{})
		if err != nil {
			t.Fatal(err)
		}
		id := store.ID(cfg.Collection, filepath.Join(a, "a.png"))
		if err := st.SetTags(t.Context(), "user", map[string][]store.Tag{id: {{Label: "mine", Source: "user"}}}); err != nil {
			t.Fatal(err)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		cfg.Pixels = "exact"

		ctx, stop := context.WithCancel(t.Context())
		j, err := e.OpenIndexJob(ctx, cfg, IndexRequest{Work: RebuildIndex})
		if err != nil {
			t.Fatal(err)
		}
		j.options.Workers, j.options.EmbedWorkers, j.options.BatchSize = 1, 1, 1
		out, err := j.Run(ctx, interrupting{stop})
		if err := errors.Join(err, j.Close()); err != nil {
			t.Fatal(err)
		}
		// With so few pictures the walk may be over before the first is durable.
		if out.Interrupted == out.Switched {
			t.Errorf("interrupted %v, switched %v", out.Interrupted, out.Switched)
		}
		if out.Interrupted && !errors.Is(out.Err(), fault.ErrInterrupted) {
			t.Errorf("error %v", out.Err())
		}
		if _, pixels := inUse(t, e, config.Config{Store: cfg.Store, DB: cfg.DB, Collection: cfg.Collection, Milvus: cfg.Milvus}); (pixels == "exact") != out.Switched {
			t.Errorf("switched %v, and the index in use has %s pixels", out.Switched, pixels)
		}

		out = indexed(t, e, cfg, IndexRequest{Work: RebuildIndex})
		if !out.Switched || out.Err() != nil || out.Seen != 7 {
			t.Errorf("outcome %+v, %v", out, out.Err())
		}
		if records, pixels := inUse(t, e, cfg); records != 7 || pixels != "exact" {
			t.Errorf("the index in use has %d records, %s pixels", records, pixels)
		}
		st, err = e.OpenStore(t.Context(), cfg, store.ReadWrite, store.Model{})
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		recs, err := st.Get(t.Context(), []string{id})
		if err != nil || len(recs) != 1 || len(recs[0].Tags) != 1 || recs[0].Tags[0].Label != "mine" {
			t.Errorf("records %+v, %v", recs, err)
		}
		old, err := index.OldModels(t.Context(), st)
		if err != nil || len(old) != 1 || old[0].Model.Pixels != "fast" {
			t.Fatalf("old models %+v, %v", old, err)
		}
		if _, err := index.DropOldModels(t.Context(), st, old); err != nil {
			t.Fatal(err)
		}
		if old, err = index.OldModels(t.Context(), st); err != nil || len(old) != 0 {
			t.Errorf("old models %+v, %v", old, err)
		}
	})
}

func TestRebuildRefuses(t *testing.T) {
	e, n := newEnv(t)
	cfg := settings(t)
	if _, err := e.OpenIndexJob(t.Context(), cfg, IndexRequest{Work: RebuildIndex}); !errors.Is(err, store.ErrNoIndex) {
		t.Errorf("without an index and without paths: %v", err)
	}
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	if _, err := e.OpenIndexJob(t.Context(), cfg, IndexRequest{Work: RebuildIndex, Paths: []string{nowhere}}); err == nil {
		t.Error("a path that is missing is rebuilt")
	}
	if _, err := os.Stat(cfg.DB); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was made: %v", err)
	}
	// The first index of all can be made in this way too.
	dir := photos(t, 2)
	if out := indexed(t, e, cfg, IndexRequest{Work: RebuildIndex, Paths: []string{dir}}); out.Added != 2 || !out.Switched {
		t.Errorf("outcome %+v", out)
	}
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	cfg.Pixels = "exact"
	if _, err := e.OpenIndexJob(t.Context(), cfg, IndexRequest{Work: RebuildIndex}); err == nil {
		t.Error("an index whose path is missing is rebuilt")
	}
	if n.modelsOpen != 0 {
		t.Errorf("%d models were left open", n.modelsOpen)
	}
}

// Where none of the paths exists an index that is there is opened, and none is made.
func TestUpdateNowhere(t *testing.T) {
	e, _ := newEnv(t)
	cfg := settings(t)
	dir := photos(t, 3)
	nowhere := IndexRequest{Paths: []string{dir + "-nowhere"}}
	if _, err := e.OpenIndexJob(t.Context(), cfg, nowhere); !errors.Is(err, index.ErrNoRoots) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(cfg.DB); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an index was made: %v", err)
	}
	indexed(t, e, cfg, IndexRequest{Paths: []string{dir}})
	j, err := e.OpenIndexJob(t.Context(), cfg, nowhere)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if _, err := j.Run(t.Context(), nil); !errors.Is(err, index.ErrNoRoots) {
		t.Errorf("error %v", err)
	}
}

// Files that fail are an outcome, and are tried again on request.
func TestRetry(t *testing.T) {
	e, _ := newEnv(t)
	cfg := settings(t)
	dir := photos(t, 2)
	bad := filepath.Join(dir, "bad.png")
	if err := os.WriteFile(bad, []byte("not a picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, r := range []IndexRequest{{Paths: []string{dir}}, {Work: Retry}} {
		out := indexed(t, e, cfg, r)
		if kind, _ := Explain(out.Err()); out.Failed != 1 || kind != fault.Partial {
			t.Errorf("outcome %+v, %v", out, out.Err())
		}
	}
	st, err := e.OpenStore(t.Context(), cfg, store.ReadOnly, store.Model{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	for limit, listed := range map[int]int{0: 0, 1: 1, 5: 1, index.AllFailures: 1} {
		s, err := index.ReadStatus(t.Context(), st, limit)
		if err != nil || s.Records != 2 || s.Failures != 1 || len(s.Listed) != listed || s.Unlisted() != int64(1-listed) {
			t.Errorf("limit %d: %+v, %v", limit, s, err)
		}
	}
	cfg.Index.Ignore = []string{"["}
	if _, err := e.OpenIndexJob(t.Context(), cfg, IndexRequest{Work: Retry}); err == nil {
		t.Error("a glob that is none is accepted")
	}
}

// A copy opens each of its stores once and checks which they are.
func TestCopy(t *testing.T) {
	onEachStore(t, func(t *testing.T, cfg config.Config) {
		if cfg.Store == "local" {
			t.Skip("a copy goes between kinds")
		}
		e, n := newEnv(t)
		for _, c := range [][2]string{{"local", ""}, {"local", "local"}, {"", "milvus"}, {"other", "milvus"}, {"milvus", "other"}} {
			_, err := e.OpenCopy(t.Context(), cfg, c[0], c[1])
			if kind, hint := Explain(err); err == nil || kind != fault.Usage || hint == "" {
				t.Errorf("%q: %v", c, err)
			}
		}
		if _, err := e.OpenCopy(t.Context(), cfg, "local", "milvus"); !errors.Is(err, store.ErrNoIndex) {
			t.Errorf("without a source: %v", err)
		}
		source := cfg
		source.Store = "local"
		indexed(t, e, source, IndexRequest{Paths: []string{photos(t, 5)}})
		*n = counted{}
		j, err := e.OpenCopy(t.Context(), cfg, "local", "milvus")
		if err != nil {
			t.Fatal(err)
		}
		var last [2]int64
		r, err := j.Run(t.Context(), func(done, total int64) { last = [2]int64{done, total} })
		if err := errors.Join(err, j.Close()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([2]int64{5 * 16 * 4, 5 * 16 * 4}, last); r.Copied != 5 || diff != "" || n.opens != 2 {
			t.Errorf("%+v, %d opens, the last progress (-want +got):\n%s", r, n.opens, diff)
		}
		if records, _ := inUse(t, e, cfg); records != 5 {
			t.Errorf("the copy has %d records", records)
		}
	})
}
