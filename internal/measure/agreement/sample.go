package agreement

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// SampleFolder draws n pictures below a folder by chance, the same ones each time. It
// returns all of them where there are fewer. A folder that is missing is an error; what
// cannot be read below it is passed over, since a sample is what is wanted.
func SampleFolder(ctx context.Context, root string, n int) ([]string, error) {
	draw := newReservoir(n)
	for e, err := range walk.Walk(ctx, []string{root}, walk.Options{KnownExtension: imaging.KnownExtension}) {
		var w *walk.Error
		switch {
		case err == nil:
			draw.offer(e.Path)
		case !errors.As(err, &w), w.RootMissing:
			return nil, err
		}
	}
	return draw.paths, nil
}

// SampleIndex draws the paths of n pictures of an index by chance, the same ones each
// time as long as the index does not change.
func SampleIndex(ctx context.Context, st store.Scanner, n int) ([]string, error) {
	draw := newReservoir(n)
	for r, err := range st.Scan(ctx, nil, store.Fields{}) {
		if err != nil {
			return nil, fmt.Errorf("reading the index: %w", err)
		}
		draw.offer(r.Path)
	}
	return draw.paths, nil
}

// reservoir keeps a sample of the paths that it is offered (Vitter's algorithm R).
type reservoir struct {
	size  int
	rng   *rand.Rand
	seen  int
	paths []string
}

func newReservoir(size int) *reservoir {
	return &reservoir{size: size, rng: rand.New(rand.NewPCG(1, 2))}
}

func (r *reservoir) offer(path string) {
	r.seen++
	if len(r.paths) < r.size {
		r.paths = append(r.paths, path)
	} else if i := r.rng.IntN(r.seen); i < r.size {
		r.paths[i] = path
	}
}
