package explore

import (
	"context"
	"fmt"

	"github.com/sightline/sightline/internal/explore/layout"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// placedBy is how many of the nearest landmarks of its cluster say where a picture lies.
const placedBy = 3

// place puts the pictures that are no landmarks into the clusters, and between the nearest
// landmarks of their cluster.
func (m *Map) place(ctx context.Context, st store.Store, marks landmarks, o Options) error {
	row := make(map[[idBytes]byte]int, len(marks.ids))
	for i, id := range marks.ids {
		row[binaryID(id)] = i
	}
	near := make(map[uint16][]placed)
	for i := range m.rows {
		r := &m.rows[i]
		near[r.cluster] = append(near[r.cluster], placed{row[r.id], r.at})
	}
	parts, total := m.partsOf(), len(m.rows)
	count, err := st.Count(ctx, nil)
	if err != nil {
		return fmt.Errorf("counting pictures: %w", err)
	}
	for r, err := range st.Scan(ctx, nil, store.Fields{Vectors: true, AnyOrder: true}) {
		if err != nil {
			return fmt.Errorf("reading embeddings: %w", err)
		}
		if len(r.Vector) != m.dim {
			continue
		}
		if err := checkID(r.ID); err != nil {
			return err
		}
		id := binaryID(r.ID)
		if _, is := row[id]; is {
			continue
		}
		cluster, cosine := m.nearest(r.Vector, parts)
		m.rows = append(m.rows, picture{
			id: id, content: contentKey(r.ContentHash), cluster: uint16(cluster), cosine: cosine,
			at: between(near[uint16(cluster)], marks.rows, r.Vector),
		})
		if total++; total%reportEvery == 0 {
			o.Progress(Placing, total, int(count))
		}
	}
	o.Progress(Placing, total, total)
	return nil
}

// placed is a landmark's row and its place on the map.
type placed struct {
	row int
	at  layout.Point
}

// between is the middle of the landmarks that are nearest to a vector. Its own nearness to
// each weighs them.
func between(marks []placed, rows vec.Matrix, v []float32) layout.Point {
	top := vec.NewTopK(placedBy)
	for i, p := range marks {
		top.Offer(i, vec.Dot(rows.Row(p.row), v))
	}
	var sum layout.Point
	var weights float32
	for _, s := range top.Sorted(nil) {
		// The nearest counts most: one that is the same picture all but alone.
		w := 1 / (1e-3 + max(0, 1-s.Score))
		sum.X += w * marks[s.Index].at.X
		sum.Y += w * marks[s.Index].at.Y
		weights += w
	}
	if weights == 0 {
		return sum
	}
	return layout.Point{X: sum.X / weights, Y: sum.Y / weights}
}
