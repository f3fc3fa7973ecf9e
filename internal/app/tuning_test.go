package app

import (
	"testing"
	"time"

	"github.com/sightline/sightline/internal/measure/tune"
)

// The model is taken from the index once, and opened for each number of threads.
func TestTuneEmbedding(t *testing.T) {
	e, n := newEnv(t)
	cfg := settings(t)
	built := cfg
	built.Model = "big"
	indexed(t, e, built, IndexRequest{Paths: []string{photos(t, 1)}})
	*n = counted{}
	got, err := e.TuneEmbedding(t.Context(), cfg, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	candidates := tune.Candidates(Cores())
	if len(got.Rows) != len(candidates) || got.Model != "big" || got.Fingerprint != "bigfast" || n.opens != 1 {
		t.Errorf("%+v after %d opens", got, n.opens)
	}
	if best := got.Best(); best.Workers == 0 {
		t.Errorf("none is chosen: %+v", got)
	}
	if (Tuned{}).Best() != (tune.Choice{}) {
		t.Error("something is best of nothing")
	}
	threads := make(map[int]bool)
	for _, m := range n.models {
		if threads[m.Index.EmbedThreads] {
			t.Errorf("the model was opened twice for %d threads", m.Index.EmbedThreads)
		}
		threads[m.Index.EmbedThreads] = true
	}
}

// One setting puts aside what was measured.
func TestEmbedChoice(t *testing.T) {
	e, _ := newEnv(t)
	cfg := settings(t)
	cores := Cores()
	for _, c := range []struct {
		workers, threads, batch int
		want                    tune.Choice
	}{
		{0, 0, 0, tune.Default(cores)},
		{3, 0, 0, tune.Choice{Workers: 3, Threads: 1, BatchSize: 8}},
		{0, cores, 0, tune.Choice{Workers: 1, Threads: cores, BatchSize: 8}},
		{0, 2 * cores, 0, tune.Choice{Workers: 1, Threads: 2 * cores, BatchSize: 8}},
		{0, 0, 5, tune.Choice{Workers: cores, Threads: 1, BatchSize: 5}},
	} {
		cfg.Index.EmbedWorkers, cfg.Index.EmbedThreads, cfg.Index.BatchSize = c.workers, c.threads, c.batch
		if got := e.EmbedChoice(cfg, "fingerprint"); got != c.want {
			t.Errorf("%d workers, %d threads, %d pictures: %+v, want %+v", c.workers, c.threads, c.batch, got, c.want)
		}
	}
}
