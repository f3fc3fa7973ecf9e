package index

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/store"
)

// At the end of a run each picture must come out once, with its own pixels, and the
// last work must be small enough to be shared.
func TestLoaderFinish(t *testing.T) {
	const size = 8
	for _, c := range []struct {
		workers, pictures int
		want              []int // sizes of what the workers get
	}{
		{workers: 1, pictures: 11, want: []int{8, 3}},
		{workers: 2, pictures: 0},
		{workers: 2, pictures: 1, want: []int{1}},
		{workers: 2, pictures: 5, want: []int{3, 1, 1}},
		{workers: 2, pictures: 24, want: []int{8, 4, 4, 2, 2, 1, 1, 1, 1}},
		{workers: 3, pictures: 20, want: []int{4, 4, 2, 2, 2, 1, 1, 1, 1, 1, 1}},
	} {
		t.Run(fmt.Sprintf("%d by %d", c.pictures, c.workers), func(t *testing.T) {
			l := newLoader(c.workers, spareBatches, size, clip.Preprocess{Crop: clip.Size{Width: 1, Height: 1}})
			for i := range c.pictures {
				err := l.put(t.Context(), picture{record: store.Record{Width: i}, added: i%2 == 0}, func(slot []float32) error {
					slot[0], slot[2] = float32(i), float32(-i)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			l.finish()
			var sizes []int
			seen := make(map[int]bool)
			for b := range l.ready {
				sizes = append(sizes, b.batch.Len())
				for i := range b.batch.Len() {
					p := b.pictures[i].record.Width
					if slot := b.batch.Slot(i); slot[0] != float32(p) || slot[2] != float32(-p) || b.pictures[i].added != (p%2 == 0) {
						t.Errorf("picture %d came with the pixels %v", p, slot)
					}
					if seen[p] {
						t.Errorf("picture %d came twice", p)
					}
					seen[p] = true
				}
			}
			if len(seen) != c.pictures {
				t.Errorf("%d of %d pictures came", len(seen), c.pictures)
			}
			if diff := cmp.Diff(c.want, sizes); diff != "" {
				t.Errorf("sizes: %s", diff)
			}
		})
	}
}
