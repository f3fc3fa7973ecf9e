package zeroshot

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/sightline/sightline/internal/clip"
)

// ErrCalibration says that a calibration is not known.
var ErrCalibration = errors.New("there is no calibration")

// Calibration says what is believed of a cosine between a picture and an open label.
// Labels of an exclusive group are not its business: among those a softmax decides.
type Calibration interface {
	// Name is how the method is chosen and reported.
	Name() string
	// Background reduces the cosines of one picture with the bank to one number. bank
	// is empty for methods that do not need one.
	Background(bank []float32) float64
	// Shift is what is added to a label's cosines before they are ranked and judged,
	// given the Background of the label's own text, and that of a concept of the bank
	// on average. 0 leaves the label alone.
	Shift(label, typical float64) float64
	// Logit is the log odds that the label applies, given its cosine with a picture of
	// that background. It must not fall as the cosine rises.
	Logit(cosine float32, background float64) float64
}

// probability is the logistic function.
func probability(logit float64) float32 {
	return float32(1 / (1 + math.Exp(-logit)))
}

// Sigmoid is for models that were trained with a sigmoid a pair (SigLIP, Zhai et al.
// 2023): their scale and bias make probabilities of cosines as they are.
type Sigmoid struct{ Scale, Bias float64 }

// Name implements Calibration.
func (Sigmoid) Name() string { return "sigmoid" }

// Background implements Calibration.
func (Sigmoid) Background([]float32) float64 { return 0 }

// Shift implements Calibration.
func (Sigmoid) Shift(float64, float64) float64 { return 0 }

// Logit implements Calibration.
func (s Sigmoid) Logit(cosine float32, _ float64) float64 { return s.Scale*float64(cosine) + s.Bias }

// BankSoftmax sets a label against the bank: the softmax over the label and all
// concepts of the bank, as if those were the other classes.
//
// Wide labels ("tool") have lower cosines with their pictures than narrow ones
// ("wrench"), and lie nearer to the rest of the language. Breadth is how much of the
// second makes up for the first: 0 for nothing, 1 for the difference between the
// label's own background and that of a common concept. Gain and Offset are slope and
// intercept that make the log odds those that were measured (Platt 1999).
type BankSoftmax struct{ Scale, Breadth, Gain, Offset float64 }

// Name implements Calibration.
func (BankSoftmax) Name() string { return "bank" }

// Background implements Calibration: the log of the sum of the concepts' powers.
func (b BankSoftmax) Background(bank []float32) float64 {
	if len(bank) == 0 {
		return math.Inf(-1)
	}
	top := b.top(bank)
	var sum float64
	for _, x := range bank {
		sum += b.term(x, top)
	}
	return b.total(sum, b.Scale*float64(top))
}

// terms implements additive.
func (b BankSoftmax) terms(to []float64, bank []float32) ([]float64, float64) {
	top := b.top(bank)
	for _, x := range bank {
		to = append(to, b.term(x, top))
	}
	return to, b.Scale * float64(top)
}

// total implements additive.
func (BankSoftmax) total(sum, top float64) float64 { return top + math.Log(sum) }

// top is the greatest cosine, to which the powers are relative, so that none overflows.
func (BankSoftmax) top(bank []float32) float32 {
	top := bank[0]
	for _, x := range bank {
		if x > top {
			top = x
		}
	}
	return top
}

func (b BankSoftmax) term(x, top float32) float64 { return math.Exp(b.Scale * float64(x-top)) }

// Shift implements Calibration.
func (b BankSoftmax) Shift(label, typical float64) float64 {
	if b.Breadth == 0 || b.Scale == 0 || math.IsInf(label, 0) || math.IsInf(typical, 0) {
		return 0
	}
	return b.Breadth * (label - typical) / b.Scale
}

// Logit implements Calibration.
func (b BankSoftmax) Logit(cosine float32, background float64) float64 {
	return b.Gain*(b.Scale*float64(cosine)-background) + b.Offset
}

// Contrast compares a label's cosine with the mean over the bank.
type Contrast struct{ Gain, Offset float64 }

// Name implements Calibration.
func (Contrast) Name() string { return "contrast" }

// Background implements Calibration.
func (Contrast) Background(bank []float32) float64 {
	var sum float64
	for _, c := range bank {
		sum += float64(c)
	}
	return sum / float64(max(1, len(bank)))
}

// Shift implements Calibration.
func (Contrast) Shift(float64, float64) float64 { return 0 }

// Logit implements Calibration.
func (c Contrast) Logit(cosine float32, background float64) float64 {
	return c.Gain*(float64(cosine)-background) + c.Offset
}

// Cosine looks at nothing but the cosine: what a flat threshold does.
type Cosine struct{ Gain, Offset float64 }

// Name implements Calibration.
func (Cosine) Name() string { return "cosine" }

// Background implements Calibration.
func (Cosine) Background([]float32) float64 { return 0 }

// Shift implements Calibration.
func (Cosine) Shift(float64, float64) float64 { return 0 }

// Logit implements Calibration.
func (c Cosine) Logit(cosine float32, _ float64) float64 { return c.Gain*float64(cosine) + c.Offset }

// MethodNames are the methods that NewCalibration knows.
func MethodNames() []string { return []string{"auto", "bank", "contrast", "cosine", "sigmoid"} }

// NewCalibration returns the method of that name for a model. "auto" and "" stand
// for the model family's own sigmoid, and for the bank with any other. A gain and an
// offset may follow, as in "bank:1.2,0.5": the method's log odds are multiplied by the
// one and have the other added, which is what Quality says would fit.
//
// The numbers of the starter model are those of the quality golden. Those of other
// models are what their training suggests: search eval --labels measures better ones
// on pictures of one's own.
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
	case BankSoftmax:
		c.Gain, c.Offset = gain*c.Gain, gain*c.Offset+offset
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
	starter := spec.Name == "starter"
	switch name {
	case "bank":
		if starter {
			return BankSoftmax{Scale: scale, Breadth: 1, Gain: 1, Offset: 0}, nil
		}
		return BankSoftmax{Scale: scale, Gain: 1}, nil
	case "contrast":
		return Contrast{Gain: scale}, nil
	case "cosine":
		return Cosine{Gain: scale}, nil
	case "sigmoid":
		return Sigmoid{Scale: scale, Bias: spec.LogitBias}, nil
	}
	return nil, fmt.Errorf("%w %q; there are %s", ErrCalibration, name, strings.Join(MethodNames(), ", "))
}
