package server

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sightline/sightline/internal/explore"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local"
	"github.com/sightline/sightline/internal/vec"
)

// A cluster all of whose pictures have gone is not in the answer, and what refers to places
// in the list refers to those that are.
func TestClustersHavePictures(t *testing.T) {
	const dim, kinds, each = 16, 3, 60
	st, err := local.Open(t.Context(), local.Options{
		Dir: t.TempDir(), Collection: "c", Mode: store.Create, Model: store.Model{Fingerprint: "f", Name: "m", Dim: dim},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	random := rand.New(rand.NewPCG(1, 2))
	var records []store.Record
	for i := range kinds * each {
		v := make([]float32, dim)
		for j := range v {
			v[j] = 0.1 * float32(random.NormFloat64())
		}
		v[i%kinds]++
		if err := vec.Normalize(v); err != nil {
			t.Fatal(err)
		}
		path := fmt.Sprintf("/p/%d.jpg", i)
		records = append(records, store.Record{ID: store.ID("c", path), Path: path, Root: "/p", Format: "jpeg", Vector: v})
	}
	if err := st.Upsert(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	m, err := explore.Run(t.Context(), st, explore.Options{Clusters: kinds})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Save(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	whole := exploredOf(m)
	if len(whole.Clusters) <= kinds {
		t.Fatalf("%d clusters: none is divided", len(whole.Clusters))
	}
	first := m.Members(0, 0, m.Clusters[0].Size)
	if err := st.Delete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	x := exploredMap{st: st}
	out, err := x.explored(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Clusters) >= len(whole.Clusters) || len(out.Map.IDs) != len(records)-len(first) {
		t.Fatalf("%d clusters of %d, %d pictures of %d", len(out.Clusters), len(whole.Clusters), len(out.Map.IDs), len(records))
	}
	sizes := make([]int, len(out.Clusters))
	for _, place := range out.Map.Cluster {
		for ; place >= 0; place = out.Clusters[place].Parent {
			sizes[place]++
		}
	}
	for i, c := range out.Clusters {
		if c.Size == 0 || c.Size != sizes[i] || c.Parent >= i || len(c.Representatives) == 0 {
			t.Errorf("cluster %d of the list: %+v, with %d pictures on the map", i, c, sizes[i])
		}
		if c.Parent >= 0 && c.Level != out.Clusters[c.Parent].Level+1 {
			t.Errorf("cluster %s is of level %d, its parent of %d", c.ID, c.Level, out.Clusters[c.Parent].Level)
		}
	}
}
