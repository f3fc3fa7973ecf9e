// Package tune finds out how a machine embeds pictures fastest: how many calls of the
// model at once, on how many threads each, and how many pictures per call. What it found
// is kept per model, machine and library, for later runs.
package tune

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/vec"
)

// Choice is a way to embed many pictures.
type Choice struct {
	Workers   int `json:"embed_workers"` // calls at the same time
	Threads   int `json:"embed_threads"` // threads of each call
	BatchSize int `json:"batch_size"`    // pictures of each call
}

// Default is the choice where nothing was measured. Calls on one thread each need no
// meeting points between threads, and eight pictures are enough for the multiplications
// to run at their full rate: see docs/benchmarks.md.
func Default(cores int) Choice { return Choice{Workers: cores, Threads: 1, BatchSize: 8} }

// Candidates are the choices worth measuring, the default first, those of equal
// threads together. More pictures per call than 16 cost memory and gain nothing.
func Candidates(cores int) []Choice {
	list := []Choice{Default(cores), {cores, 1, 4}, {cores, 1, 16}}
	if cores >= 4 {
		list = append(list, Choice{cores / 2, 2, 8}, Choice{cores / 2, 2, 16})
	}
	if cores >= 2 {
		list = append(list, Choice{1, cores, 8}, Choice{1, cores, 16})
	}
	return list
}

// Margin is how much faster than the default a choice must be to be preferred: two
// measurements of the same choice differ by about as much.
const Margin = 1.03

// Best returns the fastest of the rates, whose first is the default's, unless the
// default is within Margin of it.
func Best(rates []float64) int {
	best := 0
	for i, r := range rates {
		if r > rates[best] {
			best = i
		}
	}
	if rates[best] < Margin*rates[0] {
		return 0
	}
	return best
}

// Measured is a choice with the better of its two rates.
type Measured struct {
	Choice
	Rate   float64 `json:"pictures_per_second"`
	Chosen bool    `json:"chosen"` // this one is to be used
}

// Model is an Embedder that is open.
type Model interface {
	Embedder
	Close() error
}

// Find measures the choices, each twice for the time each, with models that open opens
// for a number of threads per call and that Find closes again. Of the outcome, in the
// order of the choices, one is chosen: see Best.
func Find(ctx context.Context, choices []Choice, each time.Duration, open func(threads int) (Model, error)) ([]Measured, error) {
	var rows []Measured
	for _, same := range byThreads(choices) {
		m, err := open(same[0].Threads)
		if err != nil {
			return nil, err
		}
		found, err := measureAll(ctx, m, same, each)
		if err = errors.Join(err, m.Close()); err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	rates := make([]float64, len(rows))
	for i, r := range rows {
		rates[i] = r.Rate
	}
	if len(rows) > 0 {
		rows[Best(rates)].Chosen = true
	}
	return rows, nil
}

// byThreads groups choices that one model can serve.
func byThreads(choices []Choice) [][]Choice {
	var groups [][]Choice
	for _, c := range choices {
		if n := len(groups); n > 0 && groups[n-1][0].Threads == c.Threads {
			groups[n-1] = append(groups[n-1], c)
		} else {
			groups = append(groups, []Choice{c})
		}
	}
	return groups
}

// measureAll measures each choice twice, in turn, since the speed of a machine drifts,
// and keeps the better.
func measureAll(ctx context.Context, e Embedder, choices []Choice, each time.Duration) ([]Measured, error) {
	rows := make([]Measured, len(choices))
	for range 2 {
		for i, c := range choices {
			rate, err := Measure(ctx, e, c, each)
			if err != nil {
				return nil, err
			}
			rows[i] = Measured{Choice: c, Rate: max(rate, rows[i].Rate)}
		}
	}
	return rows, nil
}

// Embedder is what is measured. clip.Encoder satisfies it.
type Embedder interface {
	Spec() clip.Spec
	EncodeImages(ctx context.Context, b *clip.Batch) (vec.Matrix, error)
}

// Measure embeds noise for at least d in the way of c and returns pictures per second.
// Each call at the same time is counted by its own clock, so that it does not matter
// which of them ends last.
func Measure(ctx context.Context, e Embedder, c Choice, d time.Duration) (float64, error) {
	batches := make([]*clip.Batch, c.Workers)
	for i := range batches {
		batches[i] = noise(c.BatchSize, e.Spec().Preprocess)
	}
	// The first call loads the graph and makes room for its tensors.
	if err := atOnce(batches, func(_ int, b *clip.Batch) error { return embed(ctx, e, b) }); err != nil {
		return 0, err
	}
	rates := make([]float64, c.Workers)
	err := atOnce(batches, func(i int, b *clip.Batch) error {
		start, done := time.Now(), 0
		for time.Since(start) < d {
			if err := embed(ctx, e, b); err != nil {
				return err
			}
			done += b.Len()
		}
		rates[i] = float64(done) / time.Since(start).Seconds()
		return nil
	})
	sum := 0.0
	for _, r := range rates {
		sum += r
	}
	return sum, err
}

func embed(ctx context.Context, e Embedder, b *clip.Batch) error {
	if _, err := e.EncodeImages(ctx, b); err != nil {
		return fmt.Errorf("embedding %d pictures of noise: %w", b.Len(), err)
	}
	return nil
}

// atOnce runs f for every batch side by side and returns the first error.
func atOnce(batches []*clip.Batch, f func(i int, b *clip.Batch) error) error {
	errs := make([]error, len(batches))
	var all sync.WaitGroup
	for i, b := range batches {
		all.Go(func() { errs[i] = f(i, b) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// noise is a full batch of pixels as they are after normalisation.
func noise(size int, p clip.Preprocess) *clip.Batch {
	b := clip.NewBatch(size, p)
	b.SetLen(size)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range b.Pixels {
		b.Pixels[i] = float32(random.NormFloat64())
	}
	return b
}
