package corrections_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sightline/sightline/internal/tagging/corrections"
	"github.com/sightline/sightline/internal/vec"
)

// At the mode what is learned equals what the examples are still wrong by, times the
// variance of the prior: of the offset, and of the direction along every example.
func TestLearnReachesTheMode(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, c := range []struct {
		name               string
		approved, rejected int
		odds               float64 // of the label before, on average
		prior              corrections.Prior
	}{
		{"one", 1, 0, -2, corrections.DefaultPrior},
		{"rejected alone", 0, 20, 1, corrections.DefaultPrior},
		{"few approved among many", 3, 37, -4, corrections.DefaultPrior},
		{"the model is far off", 15, 25, -8, corrections.DefaultPrior},
		{"endless odds", 10, 10, math.Inf(1), corrections.DefaultPrior},
		{"a loose prior", 40, 160, -6, corrections.Prior{Offset: 10, Direction: 40}},
		{"the offset alone", 9, 12, -1, corrections.Prior{Offset: 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var examples []corrections.Example
			for i := range c.approved + c.rejected {
				v := make([]float32, 24)
				for j := range v {
					v[j] = float32(rng.NormFloat64()) / 4
				}
				v[0]++ // pictures lie in a narrow cone
				if i < c.approved {
					v[1] += 0.4
				}
				if err := vec.Normalize(v); err != nil {
					t.Fatal(err)
				}
				examples = append(examples, corrections.Example{LogOdds: c.odds + 2*rng.NormFloat64(), Vector: v, Approved: i < c.approved})
			}
			fit := corrections.Learn(examples, c.prior)
			var sum float64
			mean, want := make([]float64, 24), make([]float64, 24)
			for _, e := range examples {
				for j, x := range e.Vector {
					mean[j] += float64(x) / float64(len(examples))
				}
			}
			offset := fit.Offset
			for j := range fit.Direction {
				offset += float64(fit.Direction[j]) * mean[j]
			}
			for _, e := range examples {
				wrong := -1 / (1 + math.Exp(-fit.Apply(max(-30, min(30, e.LogOdds)), e.Vector)))
				if e.Approved {
					wrong++
				}
				sum += wrong
				for j, x := range e.Vector {
					want[j] += c.prior.Direction * c.prior.Direction * wrong * (float64(x) - mean[j])
				}
			}
			deviation := c.prior.Offset
			if c.approved == 0 || c.rejected == 0 { // the offset is held back: see Prior
				deviation *= min(1, float64(len(examples))/40) // none was asked about
			}
			if w := deviation * deviation * sum; math.Abs(offset-w) > 1e-3*max(1, math.Abs(w)) {
				t.Errorf("the offset is %v, the mode has %v", offset, w)
			}
			for j := range fit.Direction {
				if math.Abs(float64(fit.Direction[j])-want[j]) > 1e-2 {
					t.Errorf("component %d of the direction is %v, the mode has %v", j, fit.Direction[j], want[j])
				}
			}
		})
	}
}

// Of what two kinds of pictures were said, none is taken for the other afterwards, however
// many answers there are.
func TestLearnKeepsWhatWasSaid(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var examples []corrections.Example
	for i := range 60 {
		v := make([]float32, 32)
		for j := range v {
			v[j] = float32(rng.NormFloat64()) / 20
		}
		v[0]++
		approved := i%4 == 0
		if approved {
			v[1] += 0.5
		}
		if err := vec.Normalize(v); err != nil {
			t.Fatal(err)
		}
		examples = append(examples, corrections.Example{LogOdds: -5 + rng.NormFloat64(), Vector: v, Approved: approved})
		fit := corrections.Learn(examples, corrections.DefaultPrior)
		if i < 12 {
			continue
		}
		least, most := math.Inf(1), math.Inf(-1)
		for _, e := range examples {
			if odds := fit.Apply(e.LogOdds, e.Vector); e.Approved {
				least = min(least, odds)
			} else {
				most = max(most, odds)
			}
		}
		if least <= most-0.5 {
			t.Fatalf("after %d answers an approved picture has %.2f, a rejected one %.2f", i+1, least, most)
		}
	}
}
