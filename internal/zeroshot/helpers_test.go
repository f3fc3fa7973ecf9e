package zeroshot

import (
	"errors"
	"testing"

	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/label"
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
