package zeroshot

import (
	"context"

	"github.com/sightline/sightline/internal/vec"
)

// sameMeaning is the cosine of two texts from which they are taken to mean the same.
const sameMeaning = 0.8

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
		if cosine >= sameMeaning {
			same = append(same, b)
		} else {
			rest = append(rest, cosine)
		}
	}
	return rest, same
}

// background is one picture's cosines with the bank, and what they come to.
type background struct {
	bank  []float32
	value float64
}

func (c *Classifier) background(bank []float32) background {
	return background{bank: bank, value: c.calibration.Background(bank)}
}

// openProbability judges an open label. Where concepts of the bank mean the same as
// the label, they are left out for it.
func (c *Classifier) openProbability(label int, cosine float32, b *background) float32 {
	return probability(c.openLogit(label, cosine, b))
}

func (c *Classifier) openLogit(label int, cosine float32, b *background) float64 {
	value := b.value
	if same := c.overlap[label]; len(same) > 0 {
		rest := make([]float32, 0, len(b.bank))
		from := 0
		for _, i := range same {
			rest = append(rest, b.bank[from:i]...)
			from = i + 1
		}
		value = c.calibration.Background(append(rest, b.bank[from:]...))
	}
	return c.calibration.Logit(cosine+c.shifts[label], value)
}
