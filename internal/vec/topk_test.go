package vec

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTopK compares with sorting everything, on scores with few values, so that ties
// are the rule.
func TestTopK(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for range 2000 {
		n, k, values := rng.IntN(60), rng.IntN(20), 1+rng.IntN(12)
		all := make([]Scored, n)
		name := rng.Perm(n) // what decides ties
		top := NewTopK(k)
		for i := range all {
			all[i] = Scored{Index: i, Score: float32(rng.IntN(values)) / 7}
			if s := all[i].Score; s >= top.Threshold() || rng.IntN(2) == 0 {
				top.Offer(i, s)
			}
		}
		slices.SortFunc(all, func(a, b Scored) int {
			if a.Score != b.Score {
				return byScore(a, b)
			}
			return name[a.Index] - name[b.Index]
		})
		want := all[:min(n, k)]
		tied := top.Tied()
		got := top.Sorted(func(a, b int) bool {
			if !slices.Contains(tied, a) || !slices.Contains(tied, b) {
				t.Fatalf("asked about %d and %d, which were not announced", a, b)
			}
			return name[a] < name[b]
		})
		if !slices.Equal(got, want) {
			t.Fatalf("n %d, k %d: got %v, want %v", n, k, got, want)
		}
	}
}

func TestTopKOddScores(t *testing.T) {
	top := NewTopK(3)
	for i, s := range []float32{float32(math.NaN()), float32(math.Inf(-1)), -1, float32(math.NaN()), 2} {
		top.Offer(i, s)
	}
	want := []Scored{{4, 2}, {2, -1}, {1, float32(math.Inf(-1))}}
	if got := top.Sorted(nil); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := new(TopK).Sorted(nil); len(got) != 0 {
		t.Errorf("a zero selector kept %v", got)
	}
	huge := NewTopK(math.MaxInt)
	huge.Offer(1, 1)
	if got := huge.Sorted(nil); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestMatrix(t *testing.T) {
	m, err := FromRows([]float32{1, 2}, []float32{3, 4}, []float32{5, 6})
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Slice(1, 3); got.Rows != 2 || !slices.Equal(got.Row(1), []float32{5, 6}) {
		t.Errorf("Slice = %v", got)
	}
	if _, err := FromRows([]float32{1}, []float32{2, 3}); err == nil {
		t.Error("rows of different lengths were accepted")
	}
	if m, err := FromRows(); err != nil || m.Rows != 0 {
		t.Errorf("no rows: %v, %v", m, err)
	}
}
