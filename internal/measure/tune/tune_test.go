package tune_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/measure/tune"
	"github.com/sightline/sightline/internal/vec"
)

// model takes a fixed time for each picture and counts how many calls meet.
type model struct {
	perPicture time.Duration
	err        error

	running, most, sizes atomic.Int64
}

func (*model) Spec() clip.Spec {
	return clip.Spec{Preprocess: clip.Preprocess{Crop: clip.Size{Width: 8, Height: 8}}}
}

func (m *model) EncodeImages(_ context.Context, b *clip.Batch) (vec.Matrix, error) {
	m.most.Store(max(m.most.Load(), m.running.Add(1)))
	defer m.running.Add(-1)
	m.sizes.Store(int64(b.Len()))
	time.Sleep(time.Duration(b.Len()) * m.perPicture)
	return vec.NewMatrix(b.Len(), 4), m.err
}

func TestMeasure(t *testing.T) {
	m := &model{perPicture: time.Millisecond}
	rate, err := tune.Measure(t.Context(), m, tune.Choice{Workers: 3, Threads: 1, BatchSize: 4}, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	// Three workers of a thousand a second; a busy machine only makes it less.
	if rate > 3000 || rate < 300 {
		t.Errorf("%.0f pictures a second", rate)
	}
	if m.most.Load() < 2 || m.sizes.Load() != 4 {
		t.Errorf("%d calls at once of %d pictures", m.most.Load(), m.sizes.Load())
	}
}

func TestMeasureFails(t *testing.T) {
	want := errors.New("no memory")
	if _, err := tune.Measure(t.Context(), &model{err: want}, tune.Default(2), time.Hour); !errors.Is(err, want) {
		t.Errorf("error %v", err)
	}
}

func TestCandidates(t *testing.T) {
	for cores := 1; cores <= 64; cores++ {
		list := tune.Candidates(cores)
		if list[0] != tune.Default(cores) {
			t.Errorf("%d cores: the first is %+v", cores, list[0])
		}
		seen := make(map[tune.Choice]bool)
		for _, c := range list {
			if c.Workers < 1 || c.Threads < 1 || c.BatchSize < 1 || c.Workers*c.Threads > cores || seen[c] {
				t.Errorf("%d cores: %+v among %+v", cores, c, list)
			}
			seen[c] = true
		}
	}
}

func TestBest(t *testing.T) {
	for _, c := range []struct {
		rates []float64
		want  int
	}{
		{[]float64{10}, 0},
		{[]float64{10, 10.2, 9}, 0}, // no more than noise
		{[]float64{10, 10.2, 12}, 2},
		{[]float64{10, 8, 7}, 0},
	} {
		if got := tune.Best(c.rates); got != c.want {
			t.Errorf("%v: %d, want %d", c.rates, got, c.want)
		}
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache", "tuning.json")
	first, second := tune.Choice{Workers: 2, Threads: 1, BatchSize: 4}, tune.Choice{Workers: 1, Threads: 2, BatchSize: 16}
	key, other := tune.Key("a", "bc"), tune.Key("ab", "c")
	check := func(key string, want tune.Choice) {
		t.Helper()
		got, ok := tune.Load(path, key)
		if ok != (want != tune.Choice{}) {
			t.Fatalf("found: %v", ok)
		}
		if diff := cmp.Diff(want, got); ok && diff != "" {
			t.Error(diff)
		}
	}
	check(key, tune.Choice{})
	for k, c := range map[string]tune.Choice{key: first, other: second} {
		if err := tune.Save(path, k, c); err != nil {
			t.Fatal(err)
		}
	}
	check(key, first)
	check(other, second)
	check(tune.Key("a"), tune.Choice{})

	if err := os.WriteFile(path, []byte(`{"`+key+`":{"embed_workers":0,"batch_size":8}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	check(key, tune.Choice{})
	if err := os.WriteFile(path, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	check(key, tune.Choice{})
	if err := tune.Save(path, key, first); err != nil {
		t.Errorf("over a damaged file: %v", err)
	}
	check(key, first)
}
