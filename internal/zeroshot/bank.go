package zeroshot

import (
	"context"

	"github.com/sightline/sightline/internal/vec"
)

// sameMeaning is the nearness of two texts from which they are taken to mean the same. It
// is a cosine of 0.8 with the starter model.
const sameMeaning = 0.64

// compareWithBank looks for concepts of the bank that mean the same as a label, since
// against its own synonym no label could stand out; and for how wide each label is,
// which the calibration may make up for.
func (c *Classifier) compareWithBank(ctx context.Context) error {
	c.overlap = make([][]int, c.labels)
	c.shifts = make([]float32, c.labels)
	bank := c.bank()
	if bank.Rows == 0 {
		return nil
	}
	if err := c.findUsual(ctx); err != nil {
		return err
	}
	var typical float64
	err := c.eachText(ctx, bank, func(_ int, cosines []float32) {
		rest, _ := c.apart(cosines)
		typical += c.calibration.Background(rest) / float64(bank.Rows)
	})
	if err != nil {
		return err
	}
	return c.eachText(ctx, c.Labels(), func(l int, cosines []float32) {
		rest, same := c.apart(cosines)
		c.overlap[l] = same
		if c.groupOf[l] < 0 {
			c.shifts[l] = float32(c.calibration.Shift(c.calibration.Background(rest), typical))
		}
	})
}

// findUsual sets the cosine that two concepts of the bank have on average.
func (c *Classifier) findUsual(ctx context.Context) error {
	bank := c.bank()
	var sum float64
	err := c.eachText(ctx, bank, func(row int, cosines []float32) {
		for b, cosine := range cosines {
			if b != row {
				sum += float64(cosine)
			}
		}
	})
	c.usual = float32(sum / float64(max(1, bank.Rows*(bank.Rows-1))))
	return err
}

// nearness says how alike two texts are to the model: 1 is equal, and 0 as far apart as two
// concepts of the bank usually are. Their cosine alone does not say it, since encoders
// differ in how far they hold texts apart at all: CLIP's lie in a narrow cone.
func (c *Classifier) nearness(cosine float32) float32 {
	return (cosine - c.usual) / max(1-c.usual, 1e-6)
}

// eachText calls f with the cosines of each row of texts with the bank.
func (c *Classifier) eachText(ctx context.Context, texts vec.Matrix, f func(row int, cosines []float32)) error {
	const block = 4096
	for from := 0; from < texts.Rows; from += block {
		part := texts.Slice(from, min(from+block, texts.Rows))
		out := vec.NewMatrix(part.Rows, c.bank().Rows)
		if err := c.engine.Score(ctx, c.bank(), part, out); err != nil {
			return err
		}
		for i := range part.Rows {
			f(from+i, out.Row(i))
		}
	}
	return nil
}

// apart divides a text's cosines with the bank into those of concepts that mean
// something else, and the places of those that mean the same.
func (c *Classifier) apart(cosines []float32) (rest []float32, same []int) {
	for b, cosine := range cosines {
		if c.nearness(cosine) >= sameMeaning {
			same = append(same, b)
		} else {
			rest = append(rest, cosine)
		}
	}
	return rest, same
}

// background is one picture's cosines with the bank, and what they come to. One after
// another picture can be judged by it.
type background struct {
	bank  []float32
	value float64
	terms []float64 // of an additive calibration, else empty
	top   float64
}

// additive is a Calibration whose Background is a function of a sum with one term for
// each concept, so that it can be had without some of them in no time.
type additive interface {
	// terms appends the terms to a slice. top is what they are relative to.
	terms(to []float64, bank []float32) (terms []float64, top float64)
	// total is the Background that a sum of terms stands for.
	total(sum, top float64) float64
}

// leastSum is the least sum of terms that is exact enough: smaller ones may have lost
// terms to underflow.
const leastSum = 1e-280

// set makes b the background of a picture with these cosines.
func (c *Classifier) set(b *background, bank []float32) {
	b.bank, b.terms = bank, b.terms[:0]
	a, ok := c.calibration.(additive)
	if !ok || len(bank) == 0 {
		b.value = c.calibration.Background(bank)
		return
	}
	b.terms, b.top = a.terms(b.terms, bank)
	var sum float64
	for _, t := range b.terms {
		sum += t
	}
	b.value = a.total(sum, b.top)
}

// without is the background that leaves out some concepts, given by their places in
// ascending order.
func (c *Classifier) without(b *background, concepts []int) float64 {
	if a, ok := c.calibration.(additive); ok {
		var sum float64
		from := 0
		for _, i := range concepts {
			for _, t := range b.terms[from:i] {
				sum += t
			}
			from = i + 1
		}
		for _, t := range b.terms[from:] {
			sum += t
		}
		if sum >= leastSum || len(concepts) == len(b.bank) {
			return a.total(sum, b.top)
		}
	}
	rest := make([]float32, 0, len(b.bank))
	from := 0
	for _, i := range concepts {
		rest = append(rest, b.bank[from:i]...)
		from = i + 1
	}
	return c.calibration.Background(append(rest, b.bank[from:]...))
}

// openProbability judges an open label. Where concepts of the bank mean the same as
// the label, they are left out for it.
func (c *Classifier) openProbability(label int, cosine float32, b *background) float32 {
	return probability(c.openLogit(label, cosine, b))
}

func (c *Classifier) openLogit(label int, cosine float32, b *background) float64 {
	value := b.value
	if same := c.overlap[label]; len(same) > 0 {
		value = c.without(b, same)
	}
	return c.calibration.Logit(cosine+c.shifts[label], value)
}
