package zeroshot

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/vec/sq8"
)

// What goes through codes is equal to comparing everything.
func TestCodesAreExact(t *testing.T) {
	var labels []label.Label
	for i := range 300 {
		labels = append(labels, label.Label{Name: fmt.Sprintf("%s thing %d", []string{"red", "green", "blue", "white"}[i%4], i)})
	}
	list := mustList(t, labels...)
	plain := prepare(t, list, Options{Templates: []string{"{}"}})
	coded := prepare(t, list, Options{Templates: []string{"{}"}, Codes: sq8.Kernel{}})
	if plain.coarse != nil || coded.coarse == nil {
		t.Fatal("codes are not used where they should be")
	}
	rng := rand.New(rand.NewPCG(11, 1))
	vectors := vec.NewMatrix(2500, testDim)
	for i := range vectors.Rows {
		copy(vectors.Row(i), cliptest.Picture(t, rng, testDim))
	}
	near := cmp.Comparer(func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-6 })
	for _, top := range []int{1, 5, 400} {
		want, err := plain.Best(t.Context(), vectors, top, 0.1)
		if err != nil {
			t.Fatal(err)
		}
		got, err := coded.Best(t.Context(), vectors, top, 0.1)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, near); diff != "" {
			t.Fatalf("top %d (-float32 +codes):\n%.2000s", top, diff)
		}
	}
}

type failingCodes struct{}

func (failingCodes) ScoreCodes(context.Context, sq8.Codes, *sq8.Queries, []int32) error {
	return errEngine
}

func TestCodesFail(t *testing.T) {
	var labels []label.Label
	for i := range 100 {
		labels = append(labels, label.Label{Name: fmt.Sprint("label ", i)})
	}
	c := prepare(t, mustList(t, labels...), Options{Codes: failingCodes{}})
	if _, err := c.Best(t.Context(), c.Labels(), 1, 0); !errors.Is(err, errEngine) {
		t.Errorf("the error is %v", err)
	}
}
