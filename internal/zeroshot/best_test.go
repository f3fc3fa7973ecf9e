package zeroshot

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/vec"
)

// naive chooses the labels of a picture out of all its scores.
func naive(c *Classifier, scores []Score, top int, minimum float32) []Score {
	var out, open []Score
	best := make(map[int]Score)
	for _, s := range scores {
		g := c.groupOf[s.Label]
		if g < 0 {
			open = append(open, s)
		} else if b, ok := best[g]; !ok || s.Probability > b.Probability {
			best[g] = s
		}
	}
	slices.SortStableFunc(open, func(a, b Score) int {
		x, y := a.Cosine+c.shifts[a.Label], b.Cosine+c.shifts[b.Label]
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return a.Label - b.Label
	})
	out = append(out, open[:min(top, len(open))]...)
	for _, s := range best {
		out = append(out, s)
	}
	out = slices.DeleteFunc(out, func(s Score) bool { return !c.enough(s, minimum) })
	slices.SortFunc(out, moreProbable)
	return out[:min(top, len(out))]
}

// Best chooses as going through all scores would.
func TestBest(t *testing.T) {
	c := prepare(t, mixedList(t), Options{})
	rng := rand.New(rand.NewPCG(7, 1))
	vectors := vec.NewMatrix(300, testDim)
	for i := range vectors.Rows {
		copy(vectors.Row(i), cliptest.Picture(t, rng, testDim))
	}
	all, err := c.Score(t.Context(), vectors)
	if err != nil {
		t.Fatal(err)
	}
	near := cmp.Comparer(func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-6 })
	given := 0
	for _, top := range []int{1, 2, 5, 100} {
		for _, minimum := range []float32{0, 0.3, 0.6} {
			got, err := c.Best(t.Context(), vectors, top, minimum)
			if err != nil || len(got) != vectors.Rows {
				t.Fatalf("%d pictures: %v", len(got), err)
			}
			for i := range got {
				want := naive(c, all[i], top, minimum)
				if diff := cmp.Diff(want, got[i], near, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("top %d, minimum %v, picture %d (-want +got):\n%s", top, minimum, i, diff)
				}
				given += len(want)
			}
		}
	}
	if given < 1000 {
		t.Errorf("only %d scores were compared", given)
	}
}

// Judge agrees with Best where Best has room for all labels.
func TestJudge(t *testing.T) {
	c := prepare(t, mixedList(t), Options{})
	rng := rand.New(rand.NewPCG(9, 1))
	vectors := vec.NewMatrix(100, testDim)
	every := make([][]int, vectors.Rows)
	for i := range vectors.Rows {
		copy(vectors.Row(i), cliptest.Picture(t, rng, testDim))
		every[i] = []int{9, 3, 5, 0, 1, 2, 4, 6, 7, 8}
	}
	got, err := c.Judge(t.Context(), vectors, every, 0.25)
	if err != nil {
		t.Fatal(err)
	}
	want, err := c.Best(t.Context(), vectors, 100, 0.25)
	if err != nil {
		t.Fatal(err)
	}
	near := cmp.Comparer(func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-6 })
	for i := range got {
		slices.SortFunc(got[i], func(a, b Score) int { return a.Label - b.Label })
		slices.SortFunc(want[i], func(a, b Score) int { return a.Label - b.Label })
	}
	if diff := cmp.Diff(want, got, near, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-best +judge):\n%s", diff)
	}
	none, err := c.Judge(t.Context(), vectors.Slice(0, 1), [][]int{nil}, 0)
	if err != nil || len(none) != 1 || len(none[0]) != 0 {
		t.Errorf("no labels: %v, %v", none, err)
	}
}
