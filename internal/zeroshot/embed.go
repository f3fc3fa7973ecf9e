package zeroshot

import (
	"context"
	"fmt"
	"strings"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/vec"
)

// textBlock is how many prompts go to the encoder at once: enough that there are
// batches of each length, few enough that a stop is soon.
const textBlock = 1024

// embedAll returns one unit row for each list of texts: the normalised mean of the
// texts' embeddings.
func embedAll(ctx context.Context, enc clip.Encoder, texts [][]string, o Options) (vec.Matrix, error) {
	spec := enc.Spec()
	if len(texts) == 0 {
		return vec.NewMatrix(0, spec.Dim), nil
	}
	key := cacheKey(spec, texts)
	if m, ok := o.Cache.load(key, len(texts), spec.Dim); ok {
		return m, nil
	}
	all := 0
	for _, t := range texts {
		all += len(t)
	}
	o.Observer.Planned(all)
	m := vec.NewMatrix(len(texts), spec.Dim)
	var block []string
	var rows []int // which row each text of the block belongs to
	flush := func() error {
		if len(block) == 0 {
			return nil
		}
		v, err := enc.EncodeTexts(ctx, block)
		if err != nil {
			return err
		}
		for i, row := range rows {
			sum := m.Row(row)
			for j, x := range v.Row(i) {
				sum[j] += x
			}
		}
		o.Observer.Embedded(len(block))
		block, rows = block[:0], rows[:0]
		return ctx.Err()
	}
	for row := range texts {
		for _, t := range texts[row] {
			block, rows = append(block, t), append(rows, row)
			if len(block) == textBlock {
				if err := flush(); err != nil {
					return vec.Matrix{}, err
				}
			}
		}
	}
	if err := flush(); err != nil {
		return vec.Matrix{}, err
	}
	for i := range m.Rows {
		if err := vec.Normalize(m.Row(i)); err != nil {
			return vec.Matrix{}, fmt.Errorf("the prompts of %q: %w", label.Shorten(texts[i][0]), err)
		}
	}
	if err := o.Cache.save(key, m); err != nil {
		o.Log.Warn("text embeddings not cached: the next run computes them again", "error", err)
	}
	return m, nil
}

// cacheKey names what the embeddings of texts depend on.
func cacheKey(spec clip.Spec, texts [][]string) string {
	parts := make([]string, 0, len(texts)+1)
	parts = append(parts, spec.Fingerprint)
	for _, t := range texts {
		parts = append(parts, strings.Join(t, "\x00")) // label.CheckText lets no NUL in
	}
	return digest(parts...)
}
