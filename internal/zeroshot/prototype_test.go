package zeroshot

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/vec/sq8"
)

// A label made of pictures is judged by its own line, whichever way it is judged, and
// changes nothing for the labels that are words.
func TestPrototypes(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	vectors := vec.NewMatrix(30, testDim)
	for i := range vectors.Rows {
		copy(vectors.Row(i), cliptest.Picture(t, rng, testDim))
	}
	p := Prototype{Vector: cliptest.Picture(t, rng, testDim), Gain: 12, Offset: -7}
	list := mustList(t, label.Label{Name: "red car"}, label.Label{Name: "holiday"}, label.Label{Name: "black", Group: "tone"}, label.Label{Name: "white", Group: "tone"})
	words := mustList(t, label.Label{Name: "red car"}, label.Label{Name: "black", Group: "tone"}, label.Label{Name: "white", Group: "tone"})
	c, plain := prepare(t, list, Options{Prototypes: map[int]Prototype{1: p}, Codes: sq8.Kernel{}}), prepare(t, words, Options{})
	if c.Provenance().Labels == prepare(t, list, Options{}).Provenance().Labels {
		t.Error("the provenance does not say of the prototype")
	}
	scores, err := c.Score(t.Context(), vectors)
	if err != nil {
		t.Fatal(err)
	}
	of, err := plain.Score(t.Context(), vectors)
	if err != nil {
		t.Fatal(err)
	}
	best, err := c.Best(t.Context(), vectors, 9, 0)
	if err != nil {
		t.Fatal(err)
	}
	asked := make([][]int, vectors.Rows)
	for i := range asked {
		asked[i] = []int{1}
	}
	judged, err := c.Judge(t.Context(), vectors, asked, 0)
	if err != nil {
		t.Fatal(err)
	}
	adjusted, err := c.Adjusted([]Adjustment{{Label: 1, Offset: 0.5, Direction: p.Vector}})
	if err != nil {
		t.Fatal(err)
	}
	odds, err := adjusted.LogOdds(t.Context(), 1, vectors)
	if err != nil {
		t.Fatal(err)
	}
	for i := range scores {
		cosine := float64(vec.Dot(p.Vector, vectors.Row(i)))
		want := 1 / (1 + math.Exp(-(12*cosine - 7)))
		found := 0
		for _, list := range [][]Score{scores[i], best[i], judged[i]} {
			for _, s := range list {
				if s.Label == 1 && math.Abs(float64(s.Probability)-want) < 1e-5 {
					found++
				}
			}
		}
		if found != 3 {
			t.Errorf("picture %d: %v, %v, %v; want %v", i, scores[i], best[i], judged[i], want)
		}
		if math.Abs(odds[i]-(12*cosine-7+0.5+cosine)) > 1e-4 {
			t.Errorf("picture %d: adjusted log odds %v", i, odds[i])
		}
		word := func(list []Score, l int) float32 {
			for _, s := range list {
				if s.Label == l {
					return s.Probability
				}
			}
			return -1
		}
		if word(scores[i], 0) != word(of[i], 0) || word(scores[i], 2) != word(of[i], 1) {
			t.Errorf("picture %d: the words have changed", i)
		}
	}
	for name, bad := range map[string]map[int]Prototype{
		"another model": {1: {Vector: []float32{1}, Gain: 1}}, "no unit": {1: {Vector: make([]float32, testDim), Gain: 1}},
		"falling": {1: {Vector: p.Vector, Gain: -1}}, "in a group": {2: p},
	} {
		c := &Classifier{list: list, labels: 4, matrix: vec.NewMatrix(4, testDim)}
		if err := c.usePrototypes(bad); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
