package zeroshot

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/sightline/sightline/internal/clip"
)

// ErrCalibration says that a calibration is not known.
var ErrCalibration = errors.New("there is no calibration")

// Calibration turns the cosine between a picture and an open label into the probability
// that the label applies. Labels of an exclusive group are not its business: among those
// a softmax decides.
type Calibration interface {
	// Name is how the method is chosen and reported.
	Name() string
	// Level reduces the cosines of one picture, or of a label's own text, with the
	// background prompts to one number. Methods without a background return 0.
	Level(background []float32) float64
	// Shift is what is added to a label's cosines before they are ranked and judged,
	// given the Level of the label's own text, and that of a background prompt on
	// average. 0 leaves the label alone.
	Shift(label, typical float64) float64
	// Logit is the log odds that the label applies, given its cosine with a picture of
	// that level. It must not fall as the cosine rises.
	Logit(cosine float32, level float64) float64
}

// probability is the logistic function.
func probability(logit float64) float32 {
	return float32(1 / (1 + math.Exp(-logit)))
}

// Sigmoid is for models that were trained with a sigmoid for each pair (SigLIP, Zhai et al.
// 2023): their scale and bias turn cosines into probabilities as they are.
type Sigmoid struct{ Scale, Bias float64 }

// Name implements Calibration.
func (Sigmoid) Name() string { return "sigmoid" }

// Level implements Calibration.
func (Sigmoid) Level([]float32) float64 { return 0 }

// Shift implements Calibration.
func (Sigmoid) Shift(float64, float64) float64 { return 0 }

// Logit implements Calibration.
func (s Sigmoid) Logit(cosine float32, _ float64) float64 { return s.Scale*float64(cosine) + s.Bias }

// BackgroundSoftmax sets a label against the background prompts: the softmax over the
// label and all of them, as if those were the other classes. Users know it as "bank".
//
// Wide labels ("tool") have lower cosines with their pictures than narrow ones
// ("wrench"), and lie nearer to the rest of the language. Breadth is how much of the
// second makes up for the first: 0 for nothing, 1 for the difference between the level of
// the label's own text and that of a common prompt. Gain and Offset are slope and
// intercept that make the log odds those that were measured (Platt 1999).
//
// A label of a list that names few things of everything there is ("animal", "plant",
// "food") is true more often than one of a list that divides the world finely (a thousand
// species and utensils). The background prompts are a sample of everything: Prior is the
// weight of the log of how many of them the list covers per label.
type BackgroundSoftmax struct{ Scale, Breadth, Gain, Offset, Prior float64 }

// defaultPrior is BackgroundSoftmax.Prior where a model has no number of its own. A list's
// labels share what the list covers, so that 1 would be expected; 1.35 gave the best F1
// on the demo photos, with lists of 2 to 998 labels.
const defaultPrior = 1.35

// The background prompts per label that a prior tells apart. Five words for everything
// cover 3.9 each. The 998 names of ImageNet cover 0.11, and are true more often than that
// would say, since every picture shows some thing: 0.2 gave the better F1 than 0.1.
const leastCovered, mostCovered = 0.2, 4

// priorOf implements listPrior. It is 0 for a list that has as many labels as it covers
// prompts.
func (b BackgroundSoftmax) priorOf(covered, labels int) float64 {
	perLabel := (float64(covered) + 0.5) / float64(labels)
	return b.Prior * math.Log(max(leastCovered, min(mostCovered, perLabel)))
}

// Name implements Calibration.
func (BackgroundSoftmax) Name() string { return "bank" }

// Level implements Calibration: the log of the sum of the cosines' powers.
func (b BackgroundSoftmax) Level(background []float32) float64 {
	if len(background) == 0 {
		return math.Inf(-1)
	}
	top := b.top(background)
	var sum float64
	for _, x := range background {
		sum += b.term(x, top)
	}
	return b.total(sum, b.Scale*float64(top))
}

// terms implements additive.
func (b BackgroundSoftmax) terms(to []float64, background []float32) ([]float64, float64) {
	top := b.top(background)
	for _, x := range background {
		to = append(to, b.term(x, top))
	}
	return to, b.Scale * float64(top)
}

// total implements additive.
func (BackgroundSoftmax) total(sum, top float64) float64 { return top + math.Log(sum) }

// top is the greatest cosine, to which the powers are relative, so that none overflows.
func (BackgroundSoftmax) top(background []float32) float32 {
	top := background[0]
	for _, x := range background {
		if x > top {
			top = x
		}
	}
	return top
}

func (b BackgroundSoftmax) term(x, top float32) float64 { return math.Exp(b.Scale * float64(x-top)) }

// Shift implements Calibration.
func (b BackgroundSoftmax) Shift(label, typical float64) float64 {
	if b.Breadth == 0 || b.Scale == 0 || math.IsInf(label, 0) || math.IsInf(typical, 0) {
		return 0
	}
	return b.Breadth * (label - typical) / b.Scale
}

// Logit implements Calibration.
func (b BackgroundSoftmax) Logit(cosine float32, level float64) float64 {
	return b.Gain*(b.Scale*float64(cosine)-level) + b.Offset
}

// Contrast compares a label's cosine with the mean over the background prompts.
type Contrast struct{ Gain, Offset float64 }

// Name implements Calibration.
func (Contrast) Name() string { return "contrast" }

// Level implements Calibration.
func (Contrast) Level(background []float32) float64 {
	var sum float64
	for _, c := range background {
		sum += float64(c)
	}
	return sum / float64(max(1, len(background)))
}

// Shift implements Calibration.
func (Contrast) Shift(float64, float64) float64 { return 0 }

// Logit implements Calibration.
func (c Contrast) Logit(cosine float32, level float64) float64 {
	return c.Gain*(float64(cosine)-level) + c.Offset
}

// Cosine looks at nothing but the cosine: what a flat threshold does.
type Cosine struct{ Gain, Offset float64 }

// Name implements Calibration.
func (Cosine) Name() string { return "cosine" }

// Level implements Calibration.
func (Cosine) Level([]float32) float64 { return 0 }

// Shift implements Calibration.
func (Cosine) Shift(float64, float64) float64 { return 0 }

// Logit implements Calibration.
func (c Cosine) Logit(cosine float32, _ float64) float64 { return c.Gain*float64(cosine) + c.Offset }

// MethodNames are the methods that NewCalibration knows.
func MethodNames() []string { return []string{"auto", "bank", "contrast", "cosine", "sigmoid"} }

// NewCalibration returns the method of that name for a model. "auto" and "" stand
// for the model family's own sigmoid, and for "bank" with any other. A gain and an
// offset may follow, as in "bank:1.2,0.5": the method's log odds are multiplied by the
// one and have the other added. search eval --labels says which would fit.
//
// The numbers of "bank" are those that the model's bundle brings (clip.Calibration). For
// a model that brings none they are what its training suggests: search eval --labels
// measures better ones on pictures of one's own.
func NewCalibration(name string, spec clip.Spec) (Calibration, error) {
	name, fit, fitted := strings.Cut(name, ":")
	c, err := newCalibration(name, spec)
	if err != nil || !fitted {
		return c, err
	}
	var gain, offset float64
	var rest string
	if n, _ := fmt.Sscanf(fit, "%g,%g%s", &gain, &offset, &rest); n != 2 || !(gain > 0 && gain < 1e6 && math.Abs(offset) < 1e6) {
		return nil, fmt.Errorf("%w of gain and offset %q: write for example %s:1.2,0.5, with a gain above 0", ErrCalibration, fit, name)
	}
	return refit(c, gain, offset), nil
}

// refit changes the log odds of a method.
func refit(c Calibration, gain, offset float64) Calibration {
	switch c := c.(type) {
	case BackgroundSoftmax:
		c.Gain, c.Offset, c.Prior = gain*c.Gain, gain*c.Offset+offset, gain*c.Prior
		return c
	case Contrast:
		return Contrast{Gain: gain * c.Gain, Offset: gain*c.Offset + offset}
	case Cosine:
		return Cosine{Gain: gain * c.Gain, Offset: gain*c.Offset + offset}
	case Sigmoid:
		return Sigmoid{Scale: gain * c.Scale, Bias: gain*c.Bias + offset}
	}
	return c
}

func newCalibration(name string, spec clip.Spec) (Calibration, error) {
	scale := spec.LogitScale
	if name == "" || name == "auto" {
		name = "bank"
		if spec.Sigmoid {
			name = "sigmoid"
		}
	}
	switch name {
	case "bank":
		m := spec.Calibration
		return BackgroundSoftmax{Scale: scale, Breadth: m.Breadth, Gain: cmp.Or(m.Gain, 1), Offset: m.Offset, Prior: defaultPrior}, nil
	case "contrast":
		return Contrast{Gain: scale}, nil
	case "cosine":
		return Cosine{Gain: scale}, nil
	case "sigmoid":
		return Sigmoid{Scale: scale, Bias: spec.LogitBias}, nil
	}
	return nil, fmt.Errorf("%w %q; there are %s", ErrCalibration, name, strings.Join(MethodNames(), ", "))
}
