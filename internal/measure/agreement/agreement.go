// Package agreement measures how far two variants of a model agree: the fp32 graphs and
// their int8 form, say, on the pictures that they are meant for.
package agreement

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/vec"
)

// Input is what the variants are compared on.
type Input struct {
	Pictures []string // files; those that cannot be decoded are left out
	Texts    []string // queries
	Limits   imaging.Limits
	K        int // how many of the best count as a result; at most the pictures there are
	Batch    int // pictures per call, as an index run makes them
	Log      *slog.Logger
}

// Report is how far a variant agrees with another, and with itself.
type Report struct {
	Pictures int `json:"pictures"`
	Texts    int `json:"texts"`
	K        int `json:"k"`
	// Cosines between the two variants' embeddings of the same picture, or text.
	CosineMin      float64 `json:"cosine_min"`
	CosineMean     float64 `json:"cosine_mean"`
	TextCosineMin  float64 `json:"text_cosine_min"`
	TextCosineMean float64 `json:"text_cosine_mean"`
	// Agreement is the share of the K best pictures of a text that both find, and First
	// the share of texts whose best picture is the same.
	Agreement float64 `json:"rank_agreement"`
	First     float64 `json:"first_agreement"`
	// BatchCosineMin is the least cosine of an embedding to that of the same picture by
	// the same variant in a batch of its own: what a re-run, a resume or another batch
	// size may change.
	BatchCosineMin float64 `json:"batch_cosine_min"`
}

// ErrNothing says that none of the pictures could be read.
var ErrNothing = errors.New("no picture to compare on can be read")

// Compare embeds everything with both variants. They must see the same pixels, as the
// variants of one bundle do.
func Compare(ctx context.Context, variant, reference clip.Encoder, in Input) (Report, error) {
	if variant.Spec().Preprocess != reference.Spec().Preprocess {
		return Report{}, errors.New("the two models prepare pictures differently and cannot be compared")
	}
	p := &pass{variant: variant, reference: reference, in: in, batch: clip.NewBatch(max(1, in.Batch), variant.Spec().Preprocess)}
	prepare := clip.NewPreparer(variant.Spec().Preprocess)
	n := 0
	for _, file := range in.Pictures {
		if err := ctx.Err(); err != nil {
			return Report{}, err
		}
		if err := decode(file, variant.Spec().Preprocess, in.Limits, prepare, p.batch.Slot(n)); err != nil {
			in.Log.Debug("a picture is left out", "path", file, "reason", err)
			continue
		}
		if n++; n == p.batch.Cap() {
			if err := p.embed(ctx, n); err != nil {
				return Report{}, err
			}
			n = 0
		}
	}
	if n > 0 {
		if err := p.embed(ctx, n); err != nil {
			return Report{}, err
		}
	}
	if len(p.ours) == 0 {
		return Report{}, ErrNothing
	}
	return p.report(ctx)
}

func decode(file string, pre clip.Preprocess, limits imaging.Limits, prepare *clip.Preparer, slot []float32) error {
	limits = limits.WithDefaults()
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if info.Size() > limits.MaxBytes {
		return fmt.Errorf("%d bytes are too many", info.Size())
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	img, _, err := imaging.Decode(data, imaging.Options{Mode: pre.Mode, Colour: pre.Colour, ShortSide: pre.ShortSide(), Limits: limits})
	if err != nil {
		return err
	}
	return prepare.Into(img, slot)
}

// pass is one comparison under way.
type pass struct {
	variant, reference clip.Encoder
	in                 Input
	batch              *clip.Batch
	ours, theirs       [][]float32 // embeddings of the pictures
	alone              spread      // of the variant's in a batch to those alone
}

// embed embeds the first n slots: together by both, and one by one by the variant.
func (p *pass) embed(ctx context.Context, n int) error {
	p.batch.SetLen(n)
	ours, err := p.variant.EncodeImages(ctx, p.batch)
	if err != nil {
		return fmt.Errorf("embedding %d pictures: %w", n, err)
	}
	theirs, err := p.reference.EncodeImages(ctx, p.batch)
	if err != nil {
		return fmt.Errorf("embedding %d pictures with the reference: %w", n, err)
	}
	single := clip.NewBatch(1, p.variant.Spec().Preprocess)
	for i := range n {
		copy(single.Slot(0), p.batch.Slot(i))
		single.SetLen(1)
		v, err := p.variant.EncodeImages(ctx, single)
		if err != nil {
			return fmt.Errorf("embedding one picture: %w", err)
		}
		p.alone.add(vec.Dot(v.Row(0), ours.Row(i)))
		p.ours, p.theirs = append(p.ours, ours.Row(i)), append(p.theirs, theirs.Row(i))
	}
	return nil
}

func (p *pass) report(ctx context.Context) (Report, error) {
	r := Report{Pictures: len(p.ours), Texts: len(p.in.Texts), K: min(max(1, p.in.K), len(p.ours)), BatchCosineMin: p.alone.min}
	var pictures, texts spread
	for i := range p.ours {
		pictures.add(vec.Dot(p.ours[i], p.theirs[i]))
	}
	var same, first int
	for _, text := range p.in.Texts {
		ours, err := p.variant.EncodeTexts(ctx, []string{text})
		if err != nil {
			return r, fmt.Errorf("embedding a text: %w", err)
		}
		theirs, err := p.reference.EncodeTexts(ctx, []string{text})
		if err != nil {
			return r, fmt.Errorf("embedding a text with the reference: %w", err)
		}
		texts.add(vec.Dot(ours.Row(0), theirs.Row(0)))
		a, b := best(p.ours, ours.Row(0), r.K), best(p.theirs, theirs.Row(0), r.K)
		if a[0].Index == b[0].Index {
			first++
		}
		found := make(map[int]bool, r.K)
		for _, x := range b {
			found[x.Index] = true
		}
		for _, x := range a {
			if found[x.Index] {
				same++
			}
		}
	}
	r.CosineMin, r.CosineMean = pictures.min, pictures.mean()
	r.TextCosineMin, r.TextCosineMean = texts.min, texts.mean()
	if r.Texts > 0 {
		r.Agreement = float64(same) / float64(r.K*r.Texts)
		r.First = float64(first) / float64(r.Texts)
	}
	return r, nil
}

// best is the k pictures nearest to a query.
func best(pictures [][]float32, query []float32, k int) []vec.Scored {
	top := vec.NewTopK(k)
	for i, v := range pictures {
		top.Offer(i, vec.Dot(v, query))
	}
	return top.Sorted(nil)
}

// spread is the least and the mean of cosines.
type spread struct {
	n        int
	min, sum float64
}

func (s *spread) add(cosine float32) {
	c := min(1, float64(cosine)) // rounding goes a little beyond
	if s.n == 0 || c < s.min {
		s.min = c
	}
	s.n++
	s.sum += c
}

func (s *spread) mean() float64 {
	if s.n == 0 {
		return 0
	}
	return s.sum / float64(s.n)
}
