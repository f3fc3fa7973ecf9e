package server

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/sightline/sightline/internal/explore"
	"github.com/sightline/sightline/internal/query"
	"github.com/sightline/sightline/internal/store"
)

// exploredMap keeps the stored map of an index, and reads it again now and then: exploring
// anew, and new pictures, change it.
type exploredMap struct {
	st store.Store
	mu sync.Mutex // one reading at a time
	m  *explore.Map
	at time.Time
	of store.Description
}

// exploredLasts is how long a map is taken for the one that is stored.
const exploredLasts = 10 * time.Second

func (e *exploredMap) get(ctx context.Context) (*explore.Map, error) {
	now, err := e.st.Describe(ctx)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.m != nil && e.of.Updated.Equal(now.Updated) && e.of.Records == now.Records && time.Since(e.at) < exploredLasts {
		return e.m, nil
	}
	m, err := explore.Open(ctx, e.st)
	if err != nil {
		return nil, err
	}
	e.m, e.at, e.of = m, time.Now(), now
	return m, nil
}

// explored is Index.Explored.
func (e *exploredMap) explored(ctx context.Context) (*Explored, error) {
	m, err := e.get(ctx)
	if errors.Is(err, explore.ErrNone) || errors.Is(err, explore.ErrNoDocuments) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return exploredOf(m), nil
}

// filter is Index.Cluster.
func (e *exploredMap) filter(ctx context.Context, id string) (store.Filter, error) {
	m, err := e.get(ctx)
	if err != nil {
		return nil, err
	}
	return m.Filter(id)
}

// exploredOf writes a map as the API has it. Clusters all of whose pictures have gone are
// left out.
func exploredOf(m *explore.Map) *Explored {
	points := m.Points()
	out := &Explored{Clusters: make([]Cluster, 0, len(m.Clusters)), Map: PictureMap{
		IDs: make([]string, len(points)), X: make([]float32, len(points)), Y: make([]float32, len(points)), Cluster: make([]int, len(points)), Since: m.Since.String(),
	}}
	at := make([]int, len(m.Clusters)) // the places in what is listed
	for i, c := range m.Clusters {
		if c.Size == 0 {
			continue
		}
		at[i] = len(out.Clusters)
		parent := -1
		if c.Parent >= 0 {
			parent = at[c.Parent] // which comes first, and has the pictures of its parts
		}
		x, y := m.Place(c.At)
		out.Clusters = append(out.Clusters, Cluster{
			ID: c.ID, Parent: parent, Level: c.Level, Name: c.Name, Probability: c.Probability, Size: c.Size, X: x, Y: y,
			Representatives: append([]string{}, c.Representatives...),
		})
	}
	for i, p := range points {
		out.Map.IDs[i], out.Map.X[i], out.Map.Y[i], out.Map.Cluster[i] = p.ID, roundPlace(p.X), roundPlace(p.Y), at[p.Cluster]
	}
	return out
}

// roundPlace keeps five digits: no screen shows more, and they are shorter to send.
func roundPlace(v float32) float32 { return float32(math.Round(float64(v)*1e5) / 1e5) }

// reading says how the filters of a query about an index are read.
func (x *Index) reading(ctx context.Context, fileDates bool) query.FilterOptions {
	o := query.FilterOptions{FileDates: fileDates}
	if x.Cluster != nil {
		o.Cluster = func(id string) (store.Filter, error) { return x.Cluster(ctx, id) }
	}
	return o
}
