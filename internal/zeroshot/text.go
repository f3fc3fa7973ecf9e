package zeroshot

import (
	"context"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/vec"
)

// TextJudge says how probable it is that a text which is in no label list, such as a
// query, is true of a picture. It is safe for concurrent use.
type TextJudge struct{ c *Classifier }

// PrepareTexts embeds the background prompts, or takes them from the cache. Options that
// are about labels mean nothing here. A calibration that looks at no background, such as
// that of models that were trained with a sigmoid, embeds nothing.
func PrepareTexts(ctx context.Context, enc clip.Encoder, o Options) (*TextJudge, error) {
	if o.Calibration == nil {
		var err error
		if o.Calibration, err = NewCalibration("", enc.Spec()); err != nil {
			return nil, err
		}
	}
	switch o.Calibration.(type) {
	case Sigmoid, Cosine:
		o.Background = []string{}
	}
	o.Codes = nil
	c, err := Prepare(ctx, enc, new(label.List), o)
	if err != nil {
		return nil, err
	}
	return &TextJudge{c}, nil
}

// Probabilities returns, for each row of vectors, the probability that a text is true of
// that picture. text is the unit embedding of the text as it was typed, without a template:
// with one the right answer is found no more often. vectors are unit rows by the same model. Background prompts that mean the same as the text are left out.
// The calibration's Shift is not applied: it is about labels, which are single words, and
// lowers the odds of a sentence for being one.
func (j *TextJudge) Probabilities(ctx context.Context, text []float32, vectors vec.Matrix) ([]float32, error) {
	c := j.c
	background := vec.NewMatrix(vectors.Rows, c.background().Rows)
	own := make([]float32, c.background().Rows)
	if len(own) > 0 {
		if err := c.engine.Score(ctx, c.background(), vectors, background); err != nil {
			return nil, err
		}
		for i := range own {
			own[i] = vec.Dot(c.background().Row(i), text)
		}
	}
	_, same := c.apart(own)
	out := make([]float32, vectors.Rows)
	var b backdrop
	for i := range out {
		c.set(&b, background.Row(i))
		level := b.level
		if len(same) > 0 {
			level = c.levelWithout(&b, same)
		}
		out[i] = probability(c.calibration.Logit(vec.Dot(text, vectors.Row(i)), level))
	}
	return out, nil
}
