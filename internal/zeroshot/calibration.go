package zeroshot

import (
	"fmt"
	"math"

	"github.com/sightline/sightline/internal/clip"
)

// Calibration says what is believed of a cosine between a picture and an open label.
// Labels of an exclusive group are not its business: among those a softmax decides.
type Calibration interface {
	// Name is how the method is chosen and reported.
	Name() string
	// Background reduces the cosines of one picture with the bank to one number. bank
	// is empty for methods that do not need one.
	Background(bank []float32) float64
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

// Logit implements Calibration.
func (s Sigmoid) Logit(cosine float32, _ float64) float64 { return s.Scale*float64(cosine) + s.Bias }

// BankSoftmax sets a label against the bank: the softmax over the label and all
// concepts of the bank, as if those were the other classes. Gain and Shift are the
// slope and intercept that make its log odds those that were measured (Platt 1999).
type BankSoftmax struct{ Scale, Gain, Shift float64 }

// Name implements Calibration.
func (BankSoftmax) Name() string { return "bank" }

// Background implements Calibration: the log of the sum of the concepts' powers.
func (b BankSoftmax) Background(bank []float32) float64 { return logSumExp(bank, b.Scale) }

// Logit implements Calibration.
func (b BankSoftmax) Logit(cosine float32, background float64) float64 {
	return b.Gain*(b.Scale*float64(cosine)-background) + b.Shift
}

// Contrast compares a label's cosine with the mean over the bank.
type Contrast struct{ Gain, Shift float64 }

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

// Logit implements Calibration.
func (c Contrast) Logit(cosine float32, background float64) float64 {
	return c.Gain*(float64(cosine)-background) + c.Shift
}

// Cosine looks at nothing but the cosine: what a flat threshold does.
type Cosine struct{ Gain, Shift float64 }

// Name implements Calibration.
func (Cosine) Name() string { return "cosine" }

// Background implements Calibration.
func (Cosine) Background([]float32) float64 { return 0 }

// Logit implements Calibration.
func (c Cosine) Logit(cosine float32, _ float64) float64 { return c.Gain*float64(cosine) + c.Shift }

// logSumExp is log(sum(exp(scale*x))) without overflow; minus infinity for nothing.
func logSumExp(x []float32, scale float64) float64 {
	if len(x) == 0 {
		return math.Inf(-1)
	}
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	var sum float64
	for _, v := range x {
		sum += math.Exp(scale * float64(v-top))
	}
	return scale*float64(top) + math.Log(sum)
}

// MethodNames are the methods that NewCalibration knows.
func MethodNames() []string { return []string{"auto", "bank", "contrast", "cosine", "sigmoid"} }

// NewCalibration returns the method of that name for a model. "auto" and "" stand
// for the model family's own sigmoid, and for the bank with any other.
func NewCalibration(name string, spec clip.Spec) (Calibration, error) {
	scale := spec.LogitScale
	switch name {
	case "", "auto":
		if spec.Sigmoid {
			return Sigmoid{Scale: scale, Bias: spec.LogitBias}, nil
		}
		return BankSoftmax{Scale: scale, Gain: 1}, nil
	case "bank":
		return BankSoftmax{Scale: scale, Gain: 1}, nil
	case "contrast":
		return Contrast{Gain: scale}, nil
	case "cosine":
		return Cosine{Gain: scale}, nil
	case "sigmoid":
		return Sigmoid{Scale: scale, Bias: spec.LogitBias}, nil
	}
	return nil, fmt.Errorf("there is no calibration %q; there are %v", name, MethodNames())
}
