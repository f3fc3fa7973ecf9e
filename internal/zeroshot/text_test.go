package zeroshot_test

import (
	"math"
	"testing"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/clip/cliptest"
	"github.com/sightline/sightline/internal/zeroshot"
)

// A text is judged as a label would be, but for the label's breadth.
func TestTextJudge(t *testing.T) {
	enc := cliptest.New(32)
	background := []string{"a blue house", "a green tree", "a white cloud"}
	texts, err := enc.EncodeTexts(t.Context(), []string{"red car", "red car", "blue house"})
	if err != nil {
		t.Fatal(err)
	}
	judge := func(breadth float64) []float32 {
		t.Helper()
		j, err := zeroshot.PrepareTexts(t.Context(), enc, zeroshot.Options{
			Background: background, Calibration: zeroshot.BackgroundSoftmax{Scale: 20, Breadth: breadth, Gain: 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		p, err := j.Probabilities(t.Context(), texts.Row(0), texts.Slice(1, 3))
		if err != nil || len(p) != 2 {
			t.Fatalf("%v, %v", p, err)
		}
		return p
	}
	plain, wide := judge(0), judge(1)
	if !(plain[0] > 0.5 && plain[1] < 0.1) {
		t.Errorf("of a red and a blue picture %v show something red", plain)
	}
	for i := range plain {
		if plain[i] != wide[i] {
			t.Errorf("breadth changes %v to %v", plain, wide)
		}
	}
}

// A model that was trained with a sigmoid has probabilities of its own, and needs no
// background.
func TestTextJudgeOfSigmoidModels(t *testing.T) {
	enc := cliptest.New(32).WithSpec(func(s *clip.Spec) { s.Sigmoid, s.LogitScale, s.LogitBias = true, 100, -50 })
	j, err := zeroshot.PrepareTexts(t.Context(), enc, zeroshot.Options{})
	if err != nil || enc.Texts() != 0 {
		t.Fatalf("%d texts were embedded, %v", enc.Texts(), err)
	}
	v, err := enc.EncodeTexts(t.Context(), []string{"red", "blue"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := j.Probabilities(t.Context(), v.Row(0), v)
	if err != nil || math.Abs(float64(p[0])-1) > 1e-6 || p[1] > 0.5 {
		t.Errorf("%v, %v", p, err)
	}
}
