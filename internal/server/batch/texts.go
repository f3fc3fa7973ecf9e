package batch

import (
	"context"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/vec"
)

// Encoder is an encoder whose texts go together. The rest passes through.
type Encoder struct {
	clip.Encoder
	queue queue[string, []float32]
}

// NewEncoder returns e with texts joined. It is for encoders whose embedding of a text does
// not depend on those beside it.
func NewEncoder(e clip.Encoder) clip.Encoder {
	x := &Encoder{Encoder: e}
	x.queue.slots = 1
	x.queue.fits = func(group []string, _ string) bool { return len(group) < most }
	x.queue.run = func(ctx context.Context, texts []string) ([][]float32, error) {
		m, err := e.EncodeTexts(ctx, texts)
		if err != nil {
			return nil, err
		}
		out := make([][]float32, len(texts))
		for i := range out {
			out[i] = m.Row(i)
		}
		return out, nil
	}
	if r, ok := e.(clip.TextReader); ok {
		return reading{x, r}
	}
	return x
}

// EncodeTexts implements clip.Encoder. Lists of texts are batches already.
func (x *Encoder) EncodeTexts(ctx context.Context, texts []string) (vec.Matrix, error) {
	if len(texts) != 1 {
		return x.Encoder.EncodeTexts(ctx, texts)
	}
	row, err := x.queue.do(ctx, texts[0])
	if err != nil {
		return vec.Matrix{}, err
	}
	m := vec.NewMatrix(1, len(row))
	copy(m.Row(0), row)
	return m, nil
}

// reading is an Encoder in front of one that also reads texts.
type reading struct {
	*Encoder
	clip.TextReader
}
