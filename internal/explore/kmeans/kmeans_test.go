package kmeans_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sightline/sightline/internal/explore/kmeans"
	"github.com/sightline/sightline/internal/vec"
)

// planted makes unit rows about a few directions. of has the direction of each.
func planted(t *testing.T, directions, rows int, noise float64) (m vec.Matrix, of []int) {
	t.Helper()
	const dim = 24
	r := rand.New(rand.NewPCG(7, uint64(directions)))
	centres := vec.NewMatrix(directions, dim)
	for i := range centres.Data {
		centres.Data[i] = float32(r.NormFloat64())
	}
	m, of = vec.NewMatrix(rows, dim), make([]int, rows)
	for i := range rows {
		of[i] = r.IntN(directions)
		for j := range m.Row(i) {
			m.Row(i)[j] = centres.Row(of[i])[j] + float32(noise*r.NormFloat64())
		}
		if err := vec.Normalize(m.Row(i)); err != nil {
			t.Fatal(err)
		}
	}
	return m, of
}

// agree reports whether two divisions put the same rows together.
func agree(a []int32, b []int) bool {
	to, from := make(map[int32]int), make(map[int]int32)
	for i := range a {
		if x, ok := to[a[i]]; ok && x != b[i] {
			return false
		}
		if x, ok := from[b[i]]; ok && x != a[i] {
			return false
		}
		to[a[i]], from[b[i]] = b[i], a[i]
	}
	return true
}

func TestDivideFindsWhatWasPlanted(t *testing.T) {
	for _, k := range []int{1, 2, 7, 15} {
		rows, of := planted(t, k, 600, 0.3)
		c, err := kmeans.Divide(t.Context(), rows, k, kmeans.Options{Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		if !agree(c.Of, of) {
			t.Errorf("%d clusters: the planted ones were not found", k)
		}
		var sum float64
		for i, own := range c.Of {
			cosine := vec.Dot(c.Centroids.Row(int(own)), rows.Row(i))
			if math.Abs(float64(cosine-c.Cosines[i])) > 1e-5 {
				t.Fatalf("row %d: cosine %v, want %v", i, c.Cosines[i], cosine)
			}
			sum += float64(cosine)
		}
		if got := sum / float64(rows.Rows); math.Abs(got-c.Cohesion) > 1e-5 {
			t.Errorf("cohesion %v, want %v", c.Cohesion, got)
		}
	}
}

func TestDivideIsDeterministic(t *testing.T) {
	rows, _ := planted(t, 9, 500, 1.2)
	first, err := kmeans.Divide(t.Context(), rows, 9, kmeans.Options{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	again, err := kmeans.Divide(t.Context(), rows, 9, kmeans.Options{Seed: 5})
	if err != nil || !slices.Equal(first.Of, again.Of) || !slices.Equal(first.Centroids.Data, again.Centroids.Data) {
		t.Errorf("the same seed gave another division: %v", err)
	}
	one, err := kmeans.Divide(t.Context(), rows, 9, kmeans.Options{Seed: 5, Restarts: 1})
	if err != nil || one.Cohesion > first.Cohesion {
		t.Errorf("%v: one run is better than the best of several: %v and %v", err, one.Cohesion, first.Cohesion)
	}
}

// No division may be worse than that of a row moved elsewhere: each is in the nearest
// cluster, and each centroid is the mean of its rows.
func TestDivideConverges(t *testing.T) {
	rows, _ := planted(t, 20, 400, 2)
	c, err := kmeans.Divide(t.Context(), rows, 12, kmeans.Options{Seed: 1, Iterations: 200})
	if err != nil {
		t.Fatal(err)
	}
	means := vec.NewMatrix(c.Centroids.Rows, rows.Cols)
	for i, own := range c.Of {
		for k := range c.Centroids.Rows {
			if vec.Dot(c.Centroids.Row(k), rows.Row(i)) > c.Cosines[i]+1e-6 {
				t.Errorf("row %d is nearer to cluster %d than to its own", i, k)
			}
		}
		for j, x := range rows.Row(i) {
			means.Row(int(own))[j] += x
		}
	}
	for k := range means.Rows {
		if err := vec.Normalize(means.Row(k)); err != nil {
			t.Fatal(err)
		}
		if cosine := vec.Dot(means.Row(k), c.Centroids.Row(k)); cosine < 1-1e-5 {
			t.Errorf("centroid %d is not the mean of its rows: cosine %v", k, cosine)
		}
	}
}

func TestDivideOddInput(t *testing.T) {
	same := vec.NewMatrix(5, 3)
	for i := range same.Rows {
		same.Row(i)[0] = 1
	}
	opposite := vec.Matrix{Data: []float32{1, 0, -1, 0}, Rows: 2, Cols: 2}
	for name, test := range map[string]struct {
		rows vec.Matrix
		k    int
		want int
	}{
		"all the same": {same, 3, 1}, "more clusters than rows": {opposite, 5, 2}, "rows that cancel each other out": {opposite, 1, 1}, "one row": {same.Slice(0, 1), 2, 1},
	} {
		c, err := kmeans.Divide(t.Context(), test.rows, test.k, kmeans.Options{})
		if err != nil || c.Centroids.Rows != test.want {
			t.Errorf("%s: %d clusters, %v; want %d", name, c.Centroids.Rows, err, test.want)
		}
		for k := range c.Centroids.Rows {
			if !vec.IsUnit(c.Centroids.Row(k)) || !slices.Contains(c.Of, int32(k)) {
				t.Errorf("%s: cluster %d has no rows or no direction", name, k)
			}
		}
	}
	for _, k := range []int{0, -1} {
		if _, err := kmeans.Divide(t.Context(), same, k, kmeans.Options{}); err == nil {
			t.Errorf("%d clusters were made", k)
		}
	}
	if _, err := kmeans.Divide(t.Context(), vec.Matrix{Cols: 3}, 2, kmeans.Options{}); err == nil {
		t.Error("no rows were divided")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := kmeans.Divide(ctx, same, 2, kmeans.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// The silhouette by its definition, from all pairs.
func TestSilhouette(t *testing.T) {
	rows, _ := planted(t, 4, 60, 1)
	c, err := kmeans.Divide(t.Context(), rows, 5, kmeans.Options{Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	var want float64
	for i, own := range c.Of {
		sum, count := make([]float64, c.Centroids.Rows), make([]float64, c.Centroids.Rows)
		for j, other := range c.Of {
			if i != j {
				sum[other] += 1 - float64(vec.Dot(rows.Row(i), rows.Row(j)))
				count[other]++
			}
		}
		if count[own] == 0 {
			continue
		}
		a, b := sum[own]/count[own], math.Inf(1)
		for k := range sum {
			if int32(k) != own {
				b = min(b, sum[k]/count[k])
			}
		}
		want += (b - a) / max(a, b) / float64(rows.Rows)
	}
	if got, err := c.Silhouette(t.Context(), rows, nil); err != nil || math.Abs(got-want) > 1e-4 {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}

func TestChoose(t *testing.T) {
	rows, _ := planted(t, 6, 900, 0.5)
	for _, sample := range []int{300, 5000} {
		k, tried, err := kmeans.Choose(t.Context(), rows, []int{1, 3, 4, 6, 9, 12, 5000}, sample, kmeans.Options{Seed: 1})
		if err != nil || k != 6 || len(tried) != 5 {
			t.Errorf("of %d rows %d clusters were chosen, want 6: %v, %v", sample, k, tried, err)
		}
	}
	if k, _, err := kmeans.Choose(t.Context(), rows.Slice(0, 2), []int{2, 3}, 10, kmeans.Options{}); k != 1 || err != nil {
		t.Errorf("two rows: %d clusters, %v", k, err)
	}
}
