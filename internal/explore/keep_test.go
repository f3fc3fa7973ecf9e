package explore

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/explore/layout"
	"github.com/sightline/sightline/internal/store"
)

// explored is a small index with a map.
func explored(t *testing.T) (store.Store, *Map) {
	t.Helper()
	c := classifier(t)
	st := openLocal(t)
	upsert(t, st, planted(t, c, 0, 90, 0.1))
	m, err := Run(t.Context(), st, Options{Clusters: 6, Names: c, Now: time.Unix(7, 0).UTC()})
	if err != nil {
		t.Fatal(err)
	}
	return st, m
}

func TestEncode(t *testing.T) {
	_, m := explored(t)
	data, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	var near = cmp.Comparer(func(a, b float32) bool { return math.Abs(float64(a-b)) < 2e-3 })
	opts := cmp.Options{near, cmp.AllowUnexported(Map{}, Cluster{}, picture{}), cmp.Comparer(func(a, b []string) bool { return slices.Equal(a, b) })}
	// Equal cosines after rounding may change the order within a cluster.
	byID := func(m *Map) []picture {
		rows := slices.Clone(m.rows)
		slices.SortFunc(rows, func(a, b picture) int { return slices.Compare(a.id[:], b.id[:]) })
		return rows
	}
	if diff := cmp.Diff(byID(m), byID(got), opts); diff != "" {
		t.Errorf("pictures (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(m.Clusters, got.Clusters, opts); diff != "" {
		t.Errorf("clusters (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(m.centroids, got.centroids); diff != "" || got.dim != testDim {
		t.Errorf("centroids (-want +got):\n%s", diff)
	}
	again, err := got.encode()
	if err != nil || len(again) != len(data) {
		t.Errorf("encoded again: %d bytes, not %d, %v", len(again), len(data), err)
	}
	for n := 0; n < len(data); n += 1 + n/7 {
		if _, err := decode(data[:n]); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
	}
	if _, err := decode(append(data, 0)); !errors.Is(err, ErrDamaged) {
		t.Errorf("with a byte behind: %v", err)
	}
}

// Whatever is stored is read or refused, and what is read can be used.
func FuzzDecode(f *testing.F) {
	m := &Map{
		Model: testModel, dim: 2, Clusters: []Cluster{{ID: "1", Parent: -1, Level: 1, Name: "a"}, {ID: "1.1", Parent: 0, Level: 2}},
		centroids: [][]float32{{1, 0}, {0, 1}}, rows: []picture{{cluster: 1, cosine: 0.5, at: layout.Point{X: 1, Y: 2}}, {cluster: 1, id: [idBytes]byte{1}}},
	}
	data, err := m.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Add([]byte(magic))
	f.Add([]byte(magic + "\x02\x00\x00\x00{}"))
	f.Add([]byte(magic + "\xff\xff\xff\xff{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := decode(data)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("an error of another kind: %v", err)
			}
			return
		}
		if len(m.Points()) != m.Pictures() || len(m.Of(1)) > m.Pictures() {
			t.Error("points are missing")
		}
		for i, c := range m.Clusters {
			if len(m.Members(i, 0, c.Size)) != c.Size {
				t.Errorf("cluster %d has other members than it says", i)
			}
		}
		v := make([]float32, m.dim)
		if place, _ := m.nearest(v, m.partsOf()); place < 0 {
			t.Error("a vector is near to no cluster")
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	st, m := explored(t)
	docs, _ := store.As[store.Documents](st)
	if err := m.Save(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	names, err := docs.DocumentNames(t.Context(), headName)
	if err != nil || len(names) != 2 {
		t.Fatalf("%v, %v", names, err)
	}
	// A second one takes the place of the first.
	m.Seed = 99
	if err := m.Save(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	later, err := docs.DocumentNames(t.Context(), headName)
	if err != nil || len(later) != 2 || later[1] == names[1] {
		t.Errorf("after another one: %v, %v", later, err)
	}
	part, err := docs.Document(t.Context(), later[1])
	if err != nil {
		t.Fatal(err)
	}
	whole, err := docs.Document(t.Context(), headName)
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, data []byte) {
		t.Helper()
		if err := docs.PutDocument(t.Context(), name, data); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func(){
		"a changed byte": func() { put(later[1], append(slices.Clone(part[:len(part)-1]), part[len(part)-1]^1)) },
		"a part that is gone": func() {
			if err := docs.DeleteDocument(t.Context(), later[1]); err != nil {
				t.Fatal(err)
			}
		},
		"no JSON":         func() { put(headName, []byte("{")) },
		"another version": func() { put(headName, []byte(`{"version":9}`)) },
		"no parts":        func() { put(headName, []byte(`{"version":1}`)) },
		"a bad part name": func() { put(headName, []byte(`{"version":1,"parts":["../x"]}`)) },
	} {
		change()
		if _, err := Open(t.Context(), st); err == nil || name != "a bad part name" && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		put(later[1], part)
		put(headName, whole)
	}
	m.Model.Fingerprint = "another"
	if err := m.Save(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), st); !errors.Is(err, ErrModel) {
		t.Errorf("of another model: %v", err)
	}
	bare := withoutDocuments{st}
	if err := m.Save(t.Context(), bare); !errors.Is(err, ErrNoDocuments) {
		t.Errorf("a store without documents: %v", err)
	}
	if _, err := Open(t.Context(), bare); !errors.Is(err, ErrNone) {
		t.Errorf("a store without documents: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, st); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// withoutDocuments is a store that can do nothing but what all can.
type withoutDocuments struct{ store.Store }
