package transfer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/sightline/sightline/internal/store"
)

// check compares the target with what was read from the source: the counts, and the
// sample with its vectors.
func (c *copying) check(ctx context.Context) error {
	n, err := c.to.Count(ctx, nil)
	if err != nil {
		return fmt.Errorf("counting the target: %w", err)
	}
	if want := c.report.Records + c.report.Extra - c.report.Refused; n != want {
		return fmt.Errorf("%w: it has %d records where %d are expected", ErrCheck, n, want)
	}
	if err := c.checkFailures(ctx); err != nil {
		return err
	}
	for chunk := range c.sample.chunks() {
		if err := c.checkRecords(ctx, chunk); err != nil {
			return err
		}
		c.report.Sampled += int64(len(chunk))
	}
	return nil
}

func (c *copying) checkFailures(ctx context.Context) error {
	var n int64
	for _, err := range c.to.Failures(ctx) {
		if err != nil {
			return fmt.Errorf("counting the target's failures: %w", err)
		}
		n++
	}
	if n < c.report.Failures {
		return fmt.Errorf("%w: it lists %d failed files where %d are expected", ErrCheck, n, c.report.Failures)
	}
	return nil
}

// vectorStep is the largest difference of one value that a store may make, by
// normalising once more.
const vectorStep = 1e-6

func (c *copying) checkRecords(ctx context.Context, want []store.Record) error {
	want = slices.DeleteFunc(slices.Clone(want), func(r store.Record) bool { return c.refused[r.ID] })
	ids := make([]string, len(want))
	for i, r := range want {
		ids[i] = r.ID
	}
	got, err := c.to.Get(ctx, ids)
	if err != nil {
		return fmt.Errorf("reading a sample of the target: %w", err)
	}
	if len(got) != len(want) {
		return fmt.Errorf("%w: of a sample of %d records %d are there", ErrCheck, len(want), len(got))
	}
	for i, r := range want {
		if !sameRecord(r, got[i]) {
			return fmt.Errorf("%w: the record of %s differs", ErrCheck, r.Path)
		}
		if !sameVector(r.Vector, got[i].Vector) {
			return fmt.Errorf("%w: the vector of %s differs", ErrCheck, r.Path)
		}
	}
	return nil
}

func sameVector(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if d := a[i] - b[i]; !(d <= vectorStep && d >= -vectorStep) { // false for NaN
			return false
		}
	}
	return true
}

// sample picks records at random from a stream of unknown length, each with the
// same chance (reservoir sampling, Vitter's algorithm R).
type sample struct {
	picked []store.Record
	size   int
	seen   int
	rand   *rand.Rand
}

func newSample(size int, seed uint64) *sample {
	return &sample{size: size, rand: rand.New(rand.NewPCG(seed, seed))}
}

func (s *sample) offer(r store.Record) {
	s.seen++
	if len(s.picked) < s.size {
		s.picked = append(s.picked, r)
	} else if i := s.rand.IntN(s.seen); i < s.size {
		s.picked[i] = r
	}
}

// chunks yields the sample in parts that a store reads in one call.
func (s *sample) chunks() func(yield func([]store.Record) bool) {
	const part = 100
	return func(yield func([]store.Record) bool) {
		for from := 0; from < len(s.picked); from += part {
			if !yield(s.picked[from:min(from+part, len(s.picked))]) {
				return
			}
		}
	}
}
