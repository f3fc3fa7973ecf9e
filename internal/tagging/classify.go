package tagging

import (
	"context"
	"iter"

	"github.com/sightline/sightline/internal/vec"
	"github.com/sightline/sightline/internal/zeroshot"
)

// Embedder embeds picture files: query.Service is one.
type Embedder interface {
	// EmbedImage returns the embedding of a file as a matrix of one row.
	EmbedImage(ctx context.Context, path string) (vec.Matrix, error)
}

// Classified is what a classifier says of a picture file.
type Classified struct {
	Path   string
	Scores []zeroshot.Score // of every label, the most probable first
	Err    error            // why the file could not be read; Scores is nil then
}

// Classify yields each file with its scores. A file that cannot be read is a result like
// any other. An error beside a result ends the sequence.
func Classify(ctx context.Context, e Embedder, c *zeroshot.Classifier, paths []string) iter.Seq2[Classified, error] {
	return func(yield func(Classified, error) bool) {
		for _, path := range paths {
			if err := ctx.Err(); err != nil {
				yield(Classified{}, err)
				return
			}
			res := Classified{Path: path}
			var v vec.Matrix
			if v, res.Err = e.EmbedImage(ctx, path); res.Err == nil {
				scores, err := c.Score(ctx, v)
				if err != nil {
					yield(Classified{}, err)
					return
				}
				res.Scores = scores[0]
			}
			if !yield(res, nil) {
				return
			}
		}
	}
}
