package zeroshot

import (
	"context"

	"github.com/sightline/sightline/internal/vec"
)

// sameMeaning is the nearness of two texts from which they are taken to mean the same. It
// is a cosine of 0.8 with the starter model.
const sameMeaning = 0.64

// sameTopic is the nearness of a label and a background prompt from which the label is
// taken to cover the prompt: what the prompt is about would get the label, or its picture
// would. Of 0.45, 0.5 and 0.55 it gave the best F1 on the demo photos.
const sameTopic = 0.5

// compareWithBackground finds the background prompts that mean the same as a label, since
// against its own synonym no label could stand out; how wide each label is, which the
// calibration may make up for; and how much of the background the list covers, which says
// how often a label of such a list is true at all.
func (c *Classifier) compareWithBackground(ctx context.Context) error {
	c.overlap = make([][]int, c.labels)
	c.shifts = make([]float32, c.labels)
	prompts := c.background()
	if prompts.Rows == 0 {
		return nil
	}
	if err := c.findUsual(ctx); err != nil {
		return err
	}
	var typical float64
	err := c.eachText(ctx, prompts, func(_ int, cosines []float32) {
		rest, _ := c.apart(cosines)
		typical += c.calibration.Level(rest) / float64(prompts.Rows)
	})
	if err != nil {
		return err
	}
	covered := make([]bool, prompts.Rows)
	err = c.eachText(ctx, c.Labels(), func(l int, cosines []float32) {
		rest, same := c.apart(cosines)
		if c.isOwn(l) { // a picture's cosines with texts say nothing of how wide it is
			return
		}
		c.overlap[l] = same
		if c.groupOf[l] >= 0 {
			return
		}
		c.shifts[l] = float32(c.calibration.Shift(c.calibration.Level(rest), typical))
		for b, cosine := range cosines {
			covered[b] = covered[b] || c.nearness(cosine) >= sameTopic
		}
	})
	if p, ok := c.calibration.(listPrior); ok && len(c.open) > 0 {
		n := 0
		for _, yes := range covered {
			if yes {
				n++
			}
		}
		c.prior = p.priorOf(n, len(c.open))
	}
	return err
}

// listPrior is a Calibration whose log odds depend on what kind of list a label stands in.
type listPrior interface {
	// priorOf is what is added to the log odds of each open label of a list that has that
	// many of them, and covers that many background prompts.
	priorOf(covered, labels int) float64
}

// findUsual sets the cosine that two background prompts have on average.
func (c *Classifier) findUsual(ctx context.Context) error {
	prompts := c.background()
	var sum float64
	err := c.eachText(ctx, prompts, func(row int, cosines []float32) {
		for b, cosine := range cosines {
			if b != row {
				sum += float64(cosine)
			}
		}
	})
	c.usual = float32(sum / float64(max(1, prompts.Rows*(prompts.Rows-1))))
	return err
}

// nearness is how alike two texts are to the model: 1 for equal ones, and 0 for two that
// are as far apart as two background prompts usually are. The cosine alone does not say
// it, since encoders differ in how far they hold texts apart at all: CLIP's lie in a
// narrow cone.
func (c *Classifier) nearness(cosine float32) float32 {
	return (cosine - c.usual) / max(1-c.usual, 1e-6)
}

// eachText calls f with the cosines of each row of texts with the background prompts.
func (c *Classifier) eachText(ctx context.Context, texts vec.Matrix, f func(row int, cosines []float32)) error {
	const block = 4096
	for from := 0; from < texts.Rows; from += block {
		part := texts.Slice(from, min(from+block, texts.Rows))
		out := vec.NewMatrix(part.Rows, c.background().Rows)
		if err := c.engine.Score(ctx, c.background(), part, out); err != nil {
			return err
		}
		for i := range part.Rows {
			f(from+i, out.Row(i))
		}
	}
	return nil
}

// apart divides a text's cosines with the background prompts into those of prompts that
// mean something else, and the places of those that mean the same.
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

// backdrop is what one picture's labels have to stand out against: its cosines with the
// background prompts, and the level that the calibration makes of them. It is reused from
// picture to picture.
type backdrop struct {
	cosines []float32
	level   float64
	terms   []float64 // of an additive calibration, else empty
	top     float64
}

// additive is a Calibration whose Level is a function of a sum with one term for each
// background prompt, so that the level without some of them costs next to nothing.
type additive interface {
	// terms appends the terms to a slice. top is what they are relative to.
	terms(to []float64, cosines []float32) (terms []float64, top float64)
	// total is the Level that a sum of terms stands for.
	total(sum, top float64) float64
}

// leastSum is the least sum of terms that is exact enough: smaller ones may have lost
// terms to underflow.
const leastSum = 1e-280

// set makes b the backdrop of a picture with these cosines.
func (c *Classifier) set(b *backdrop, cosines []float32) {
	b.cosines, b.terms = cosines, b.terms[:0]
	a, ok := c.calibration.(additive)
	if !ok || len(cosines) == 0 {
		b.level = c.calibration.Level(cosines)
		return
	}
	b.terms, b.top = a.terms(b.terms, cosines)
	var sum float64
	for _, t := range b.terms {
		sum += t
	}
	b.level = a.total(sum, b.top)
}

// levelWithout is the level that leaves out some prompts, given by their places in
// ascending order.
func (c *Classifier) levelWithout(b *backdrop, prompts []int) float64 {
	if a, ok := c.calibration.(additive); ok {
		var sum float64
		from := 0
		for _, i := range prompts {
			for _, t := range b.terms[from:i] {
				sum += t
			}
			from = i + 1
		}
		for _, t := range b.terms[from:] {
			sum += t
		}
		if sum >= leastSum || len(prompts) == len(b.cosines) {
			return a.total(sum, b.top)
		}
	}
	rest := make([]float32, 0, len(b.cosines))
	from := 0
	for _, i := range prompts {
		rest = append(rest, b.cosines[from:i]...)
		from = i + 1
	}
	return c.calibration.Level(append(rest, b.cosines[from:]...))
}

// openProbability judges an open label. Background prompts that mean the same as the
// label are left out for it.
func (c *Classifier) openProbability(label int, cosine float32, b *backdrop) float32 {
	if c.isOwn(label) {
		return probability(c.own[label].logOdds(cosine))
	}
	level := b.level
	if same := c.overlap[label]; len(same) > 0 {
		level = c.levelWithout(b, same)
	}
	return probability(c.calibration.Logit(cosine+c.shifts[label], level) + c.prior)
}
