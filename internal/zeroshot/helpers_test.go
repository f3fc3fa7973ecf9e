package zeroshot

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/vec"
)

const testDim = 32

var errEngine = errors.New("the engine is on fire")

func mustList(t testing.TB, labels ...label.Label) *label.List {
	t.Helper()
	l, err := label.NewList("test", labels)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// picture is the embedding of a picture between two colours, as the fake model's
// texts name them.
func picture(t *testing.T, rng *rand.Rand) []float32 {
	t.Helper()
	colours := []string{"red", "green", "blue", "white", "black", "yellow"}
	m, err := cliptest.New(testDim).EncodeTexts(t.Context(), []string{
		colours[rng.IntN(len(colours))], colours[rng.IntN(len(colours))], fmt.Sprint(rng.Uint64()),
	})
	if err != nil {
		t.Fatal(err)
	}
	v := make([]float32, testDim)
	for i := range v {
		v[i] = m.Row(0)[i] + rng.Float32()*m.Row(1)[i] + 0.3*m.Row(2)[i]
	}
	if err := vec.Normalize(v); err != nil {
		t.Fatal(err)
	}
	return v
}

// mixedList has open labels, two groups, and a label with a threshold of its own.
func mixedList(t *testing.T) *label.List {
	return mustList(t,
		label.Label{Name: "Red Car"}, label.Label{Name: "green leaf"}, label.Label{Name: "blue sky", Threshold: 0.9},
		label.Label{Name: "white wall"}, label.Label{Name: "nothing that is there"},
		label.Label{Name: "black", Group: "tone"}, label.Label{Name: "yellow", Group: "tone"}, label.Label{Name: "grey", Group: "tone"},
		label.Label{Name: "green", Group: "colour"}, label.Label{Name: "blue", Group: "colour"},
	)
}

func prepare(t *testing.T, list *label.List, o Options) *Classifier {
	t.Helper()
	if o.Background == nil {
		o.Background = []string{"a red thing", "a green thing", "something", "a table", "an orange"}
	}
	if o.Calibration == nil {
		o.Calibration = BackgroundSoftmax{Scale: 8, Breadth: 0.5, Gain: 1, Offset: 0.5}
	}
	c, err := Prepare(t.Context(), cliptest.New(testDim), list, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
