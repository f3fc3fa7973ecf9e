package explore

import (
	"context"
	"fmt"
	"slices"

	"github.com/sightline/sightline/internal/store"
)

// getBatch is how many records are asked for at once.
const getBatch = 256

// follow takes in what has changed in the index: it looks at each record, without its
// embedding, and puts what came or changed into the nearest clusters.
func (m *Map) follow(ctx context.Context, st store.Store) error {
	at := make(map[[idBytes]byte]int, len(m.rows))
	for i := range m.rows {
		at[m.rows[i].id] = i
	}
	there := make([]bool, len(m.rows))
	var fresh []string
	for r, err := range st.Scan(ctx, nil, store.Fields{AnyOrder: true}) {
		if err != nil {
			return fmt.Errorf("comparing the map with the index: %w", err)
		}
		if err := checkID(r.ID); err != nil {
			return err
		}
		i, known := at[binaryID(r.ID)]
		switch {
		case !known:
			fresh = append(fresh, r.ID)
		case m.rows[i].content != contentKey(r.ContentHash):
			m.Since.Changed++
			fresh = append(fresh, r.ID)
		default:
			there[i] = true
		}
	}
	i := -1
	m.rows = slices.DeleteFunc(m.rows, func(picture) bool {
		i++
		return !there[i]
	})
	m.Since.Gone = len(there) - len(m.rows) - m.Since.Changed
	if len(fresh) == 0 && m.Since.Gone == 0 {
		return nil
	}
	return m.take(ctx, st, fresh)
}

// take puts pictures into the nearest clusters, and in the middle of them on the map. One
// whose embedding is lost is left out.
func (m *Map) take(ctx context.Context, st store.Store, ids []string) error {
	parts, before := m.partsOf(), len(m.rows)
	for batch := range slices.Chunk(ids, getBatch) {
		records, err := st.Get(ctx, batch)
		if err != nil {
			return fmt.Errorf("reading embeddings: %w", err)
		}
		for _, r := range records {
			if len(r.Vector) != m.dim {
				continue
			}
			place, cosine := m.nearest(r.Vector, parts)
			m.rows = append(m.rows, picture{
				id: binaryID(r.ID), content: contentKey(r.ContentHash), cluster: uint16(place), cosine: cosine,
				at: m.Clusters[place].At, came: true,
			})
		}
	}
	m.Since.Came = max(0, len(m.rows)-before-m.Since.Changed)
	m.settle()
	m.replaceRepresentatives()
	return nil
}

// replaceRepresentatives leaves out those that are gone, or in another cluster by now. Where
// none is left, the nearest to the centroid take their place.
func (m *Map) replaceRepresentatives() {
	at := make(map[[idBytes]byte]int, len(m.rows))
	for i := range m.rows {
		at[m.rows[i].id] = i
	}
	for place := range m.Clusters {
		c := &m.Clusters[place]
		var left []string
		for _, id := range c.Representatives {
			if i, ok := at[binaryID(id)]; ok && c.first <= i && i < c.last {
				left = append(left, id)
			}
		}
		if len(left) == 0 {
			left = m.Members(place, 0, shown)
		}
		c.Representatives = left
	}
}
