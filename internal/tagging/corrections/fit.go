package corrections

import (
	"math"
	"slices"
)

// Example is a corrected picture, as a model sees it.
type Example struct {
	LogOdds  float64   // of the label, before anything was learned
	Vector   []float32 // unit embedding
	Approved bool
	// Asked says that the program asked about the picture, so that no person chose it for
	// being right or wrong.
	Asked bool
}

// Prior is how far corrections may move a label: the standard deviations of what is
// learned, around nothing. Small ones need many corrections. Where all examples are of one
// kind, and chosen by a person, Offset is held back until there are forty.
type Prior struct {
	Offset    float64 // of the log odds
	Direction float64 // of each component of the direction
}

// DefaultPrior was chosen on the demo photos (tuxpaint), by the F1 on pictures that had no
// part in learning; docs/quality.md has what it came to on other sets.
var DefaultPrior = Prior{Offset: 2, Direction: 4}

// Fit is what was learned of a label: its log odds for a picture x become what they were,
// plus Offset, plus the inner product of Direction and x.
type Fit struct {
	Offset    float64
	Direction []float32 // nil where nothing but the offset is learned
}

// maxExamples bounds what is learned from: the arithmetic grows with the cube.
const maxExamples = 400

// manyAlike is how many examples of one kind alone count as much as any.
const manyAlike = 40

// offset is the standard deviation of the offset with these examples. Who rejects wrong tags
// chooses them, and says nothing of the right ones that stay: taken for a sample, they would
// cost the label most of its tags. So where all were approved, or all rejected, the offset
// is held back until there are many, but for the share of them that was asked about. Both the
// number and the form were chosen on the demo photos.
func (p Prior) offset(examples []Example) float64 {
	asked := 0
	for i := range examples {
		if examples[i].Approved != examples[0].Approved {
			return p.Offset
		}
		if examples[i].Asked {
			asked++
		}
	}
	n := float64(len(examples))
	return p.Offset * min(1, max(float64(asked)/n, n/manyAlike))
}

// Learn fits the log odds of a label to corrected pictures: logistic regression around the
// model's own log odds, shrunk to them (the mode of a Gaussian process classifier with a
// linear kernel; Rasmussen and Williams 2006, algorithm 3.1). The offset is Platt's shift;
// the direction leads from the rejected pictures to the approved ones. Examples of one
// kind alone move the offset, and hardly the direction. Of more than maxExamples the
// latest count, which are the last.
func Learn(examples []Example, p Prior) Fit {
	if len(examples) == 0 {
		return Fit{}
	}
	examples = examples[max(0, len(examples)-maxExamples):]
	n := len(examples)
	mean := make([]float64, len(examples[0].Vector))
	for _, e := range examples {
		for i, x := range e.Vector {
			mean[i] += float64(x) / float64(n)
		}
	}
	apart := make([][]float64, n)
	for i, e := range examples {
		apart[i] = make([]float64, len(mean))
		for j, x := range e.Vector {
			apart[i][j] = float64(x) - mean[j]
		}
	}
	offset, direction := p.offset(examples), p.Direction*p.Direction
	offset *= offset
	kernel := make([][]float64, n)
	for i := range kernel {
		kernel[i] = make([]float64, n)
		for j := range i + 1 {
			k := offset + direction*dot(apart[i], apart[j])
			kernel[i][j], kernel[j][i] = k, k
		}
	}
	a := posterior(kernel, examples)
	fit := Fit{}
	if direction > 0 {
		fit.Direction = make([]float32, len(mean))
	}
	for i := range a {
		fit.Offset += offset * a[i]
	}
	for j := range fit.Direction {
		var w float64
		for i := range a {
			w += a[i] * apart[i][j]
		}
		w *= direction
		fit.Direction[j] = float32(w)
		fit.Offset -= w * mean[j]
	}
	return fit
}

// clamp bounds log odds, which are endless where a model has no background to compare with.
func clamp(logOdds float64) float64 { return max(-30, min(30, logOdds)) }

// posterior returns the weights of the examples at the mode: by Newton's method. A step
// that would overshoot is halved until it leads up: with dozens of examples far from the
// threshold whole steps go to and fro for ever.
func posterior(kernel [][]float64, examples []Example) []float64 {
	const steps, precise, least = 100, 1e-8, 1e-9
	n := len(examples)
	f, a := make([]float64, n), make([]float64, n)
	root, b, g := make([]float64, n), make([]float64, n), make([]float64, n)
	nextA, nextF := make([]float64, n), make([]float64, n)
	height := logPosterior(f, a, examples)
	for range steps {
		for i, e := range examples {
			p := 1 / (1 + math.Exp(-(f[i] + clamp(e.LogOdds))))
			w := max(p*(1-p), 1e-12)
			y := 0.0
			if e.Approved {
				y = 1
			}
			root[i], b[i] = math.Sqrt(w), w*f[i]+y-p
		}
		system := make([][]float64, n)
		for i := range system {
			system[i] = make([]float64, i+1)
			for j := range i + 1 {
				system[i][j] = root[i] * kernel[i][j] * root[j]
			}
			system[i][i]++
			g[i] = root[i] * dot(kernel[i], b)
		}
		solve(system, g)
		moved, rose := 0.0, false
		for part := 1.0; part > least && !rose; part /= 2 {
			moved = 0
			for i := range a {
				nextA[i] = a[i] + part*(b[i]-root[i]*g[i]-a[i])
			}
			for i := range f {
				nextF[i] = dot(kernel[i], nextA)
				moved = max(moved, math.Abs(nextF[i]-f[i]))
			}
			if next := logPosterior(nextF, nextA, examples); next >= height {
				height, rose = next, true
				copy(a, nextA)
				copy(f, nextF)
			}
		}
		if !rose || moved < precise {
			break
		}
	}
	return a
}

// logPosterior is what the mode is the highest point of, up to a constant: f are the
// changes of the log odds, and a the weights that they come of.
func logPosterior(f, a []float64, examples []Example) float64 {
	sum := -dot(a, f) / 2
	for i, e := range examples {
		odds := f[i] + clamp(e.LogOdds)
		if e.Approved {
			odds = -odds
		}
		sum -= max(odds, 0) + math.Log1p(math.Exp(-math.Abs(odds)))
	}
	return sum
}

// solve replaces x by the solution of system*y = x. The system is positive definite; its
// lower triangle is overwritten by Cholesky's factor.
func solve(system [][]float64, x []float64) {
	n := len(x)
	for i := range n {
		for j := range i + 1 {
			sum := system[i][j] - dot(system[i][:j], system[j][:j])
			if i == j {
				system[i][i] = math.Sqrt(max(sum, 1e-12))
			} else {
				system[i][j] = sum / system[j][j]
			}
		}
		x[i] = (x[i] - dot(system[i][:i], x[:i])) / system[i][i]
	}
	for i := range slices.Backward(x) {
		for j := i + 1; j < n; j++ {
			x[i] -= system[j][i] * x[j]
		}
		x[i] /= system[i][i]
	}
}

func dot(a, b []float64) float64 {
	var sum float64
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}
