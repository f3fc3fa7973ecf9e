package layout

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sightline/sightline/internal/vec"
)

// planted makes unit rows about a few directions.
func planted(t *testing.T, directions, rows int, noise float64) (m vec.Matrix, of []int) {
	t.Helper()
	const dim = 16
	r := rand.New(rand.NewPCG(11, 1))
	centres := vec.NewMatrix(directions, dim)
	for i := range centres.Data {
		centres.Data[i] = float32(r.NormFloat64())
	}
	m, of = vec.NewMatrix(rows, dim), make([]int, rows)
	for i := range rows {
		of[i] = i % directions
		for j := range m.Row(i) {
			m.Row(i)[j] = centres.Row(of[i])[j] + float32(noise*r.NormFloat64())
		}
		if err := vec.Normalize(m.Row(i)); err != nil {
			t.Fatal(err)
		}
	}
	return m, of
}

// nearest finds neighbours by comparing all.
func nearest(rows vec.Matrix, k int) [][]Neighbour {
	out := make([][]Neighbour, rows.Rows)
	for i := range out {
		top := vec.NewTopK(k)
		for j := range rows.Rows {
			if i != j {
				top.Offer(j, vec.Dot(rows.Row(j), rows.Row(i)))
			}
		}
		for _, s := range top.Sorted(nil) {
			out[i] = append(out[i], Neighbour{int32(s.Index), max(0, 1-s.Score)})
		}
	}
	return out
}

func TestDrawKeepsNeighbours(t *testing.T) {
	rows, of := planted(t, 8, 400, 0.4)
	parts := 0
	points, err := Draw(t.Context(), rows, nearest(rows, 14), Options{Seed: 1, Epochs: 200, Progress: func(float64) { parts++ }})
	if err != nil || parts != 200 {
		t.Fatalf("%v; progress was reported %d times", err, parts)
	}
	trust, err := Trustworthiness(t.Context(), rows, points, 15, 400, 1)
	if err != nil || trust < 0.95 {
		t.Errorf("trustworthiness %v, %v", trust, err)
	}
	// The nearest on the map is of the same direction.
	same := 0
	for i, p := range points {
		best, least := -1, float32(math.Inf(1))
		for j, q := range points {
			if d := (p.X-q.X)*(p.X-q.X) + (p.Y-q.Y)*(p.Y-q.Y); i != j && d < least {
				best, least = j, d
			}
		}
		if of[best] == of[i] {
			same++
		}
	}
	if same < 396 {
		t.Errorf("of 400 points %d lie beside one of their own direction", same)
	}
}

func TestDrawIsDeterministic(t *testing.T) {
	rows, _ := planted(t, 3, 60, 0.5)
	near := nearest(rows, 5)
	a, err := Draw(t.Context(), rows, near, Options{Seed: 4, Epochs: 50})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Draw(t.Context(), rows, near, Options{Seed: 4, Epochs: 50})
	if err != nil || !slices.Equal(a, b) {
		t.Errorf("the same seed gave another map: %v", err)
	}
	c, err := Draw(t.Context(), rows, near, Options{Seed: 5, Epochs: 50})
	if err != nil || slices.Equal(a, c) {
		t.Errorf("another seed gave the same map: %v", err)
	}
}

func TestDrawOddInput(t *testing.T) {
	same := vec.NewMatrix(40, 3)
	for i := range same.Rows {
		same.Row(i)[1] = 1
	}
	alone := vec.Matrix{Data: []float32{1, 0, 0}, Rows: 1, Cols: 3}
	for name, test := range map[string]struct {
		rows vec.Matrix
		near [][]Neighbour
	}{
		"nothing": {vec.Matrix{Cols: 3}, nil}, "one": {alone, [][]Neighbour{nil}}, "all the same": {same, nearest(same, 10)},
		"without neighbours": {same, make([][]Neighbour, 40)}, "its own neighbour": {alone, [][]Neighbour{{{0, 0}}}},
	} {
		points, err := Draw(t.Context(), test.rows, test.near, Options{Seed: 1})
		if err != nil || len(points) != test.rows.Rows {
			t.Errorf("%s: %d points, %v", name, len(points), err)
		}
		for _, p := range points {
			if math.IsNaN(float64(p.X+p.Y)) || math.IsInf(float64(p.X+p.Y), 0) {
				t.Errorf("%s: a point at %v", name, p)
			}
		}
	}
	if _, err := Draw(t.Context(), same, nil, Options{}); err == nil {
		t.Error("rows without lists of neighbours were drawn")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Draw(ctx, same, nearest(same, 3), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// What is seen of k neighbours adds up to the logarithm of their number, the point itself
// included, and the nearest is certain.
func TestScale(t *testing.T) {
	near := []Neighbour{{1, 0.1}, {2, 0.15}, {3, 0.2}, {4, 0.4}, {5, 0.41}, {6, 0.5}, {7, 0.9}}
	s := scaleOf(near, 0.3)
	if m := s.membership(0.1); m != 1 {
		t.Errorf("the nearest belongs to %v", m)
	}
	sum, last := 0.0, 1.0
	for _, n := range near {
		m := s.membership(n.Distance)
		if m > last {
			t.Errorf("at %v membership rises to %v", n.Distance, m)
		}
		sum, last = sum+m, m
	}
	if want := 3.0; math.Abs(sum-want) > 1e-4 { // log2(8)
		t.Errorf("memberships add up to %v, want %v", sum, want)
	}
}

func TestFuzzyGraph(t *testing.T) {
	// 0 and 1 see each other; 2 sees 0 as its nearest, and 0 does not see 2.
	got := fuzzyGraph([][]Neighbour{{{1, 0.1}}, {{0, 0.1}}, {{0, 0.3}, {1, 0.3}}})
	want := []edge{{0, 1, 1}, {0, 2, 1}, {1, 2, 1}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := fuzzyGraph(make([][]Neighbour, 3)); len(got) != 0 {
		t.Errorf("edges of nothing: %v", got)
	}
}

func TestTrustworthiness(t *testing.T) {
	// Directions along a quarter of a circle: their order on a line is the truth.
	const n = 60
	rows, line, shuffled := vec.NewMatrix(n, 2), make([]Point, n), make([]Point, n)
	order := rand.New(rand.NewPCG(1, 1)).Perm(n)
	for i := range n {
		at := float64(i) / n * math.Pi / 2
		rows.Row(i)[0], rows.Row(i)[1] = float32(math.Cos(at)), float32(math.Sin(at))
		line[i], shuffled[i] = Point{float32(at), 0}, Point{float32(order[i]), 0}
	}
	if trust, err := Trustworthiness(t.Context(), rows, line, 5, n, 1); err != nil || trust < 0.99 {
		t.Errorf("of the truth: %v, %v", trust, err)
	}
	if trust, err := Trustworthiness(t.Context(), rows, shuffled, 5, n, 1); err != nil || trust > 0.7 {
		t.Errorf("by lot: %v, %v", trust, err)
	}
	if part, err := Trustworthiness(t.Context(), rows, line, 5, 7, 1); err != nil || part < 0.99 {
		t.Errorf("of a sample: %v, %v", part, err)
	}
	for _, k := range []int{0, 30} {
		if _, err := Trustworthiness(t.Context(), rows, line, k, n, 1); err == nil {
			t.Errorf("%d neighbours of %d points were judged", k, n)
		}
	}
}
