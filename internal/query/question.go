package query

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/measure/recall"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// Question is the subject of a query: a Text, an ImageFile or a PictureLike.
type Question interface {
	// find returns the hits of the question, best first.
	find(ctx context.Context, s *Service, p Params) ([]store.Hit, error)
}

// The kinds of questions.
type (
	Text        string // what the pictures show
	ImageFile   string // a file that they are like, which need not be in the index
	PictureLike string // the id or the path of a picture of the index that they are like, itself left out
)

func (t Text) find(ctx context.Context, s *Service, p Params) ([]store.Hit, error) {
	if strings.TrimSpace(string(t)) == "" {
		return nil, ErrEmpty
	}
	v, err := s.texts.embed(ctx, s.encoder, string(t))
	if err != nil {
		return nil, fmt.Errorf("embedding the query: %w", err)
	}
	return s.nearest(ctx, v, p)
}

func (f ImageFile) find(ctx context.Context, s *Service, p Params) ([]store.Hit, error) {
	v, err := s.EmbedImage(ctx, string(f))
	if err != nil {
		return nil, err
	}
	return s.nearest(ctx, v, p)
}

func (l PictureLike) find(ctx context.Context, s *Service, p Params) ([]store.Hit, error) {
	rec, err := s.Find(ctx, string(l))
	if err != nil {
		return nil, err
	}
	v, err := vec.FromRows(rec.Vector)
	if err != nil {
		return nil, err
	}
	k := p.K
	p.K++ // the picture itself is its own nearest
	hits, err := s.nearest(ctx, v, p)
	hits = slices.DeleteFunc(hits, func(h store.Hit) bool { return h.ID == rec.ID })
	return hits[:min(k, len(hits))], err
}

// Answer is what was found, best first, and how long that took.
type Answer struct {
	Hits []store.Hit
	Took time.Duration
}

// Ask answers a question.
func (s *Service) Ask(ctx context.Context, q Question, p Params) (Answer, error) {
	start := time.Now()
	hits, err := q.find(ctx, s, p)
	if err == nil && p.Pair {
		pairs := Pair(hits)
		if len(pairs) < len(hits) && len(hits) >= p.K { // too few are left
			more := p
			more.K *= 2
			if hits, err = q.find(ctx, s, more); err == nil {
				pairs = Pair(hits)
			}
		}
		hits = pairs[:min(p.K, len(pairs))]
	}
	return Answer{Hits: hits, Took: time.Since(start)}, err
}

// Verification compares an answer with the exact one.
type Verification struct {
	Recall    float64 // share of the exact hits that the answer has
	Found     int     // of the exact hits
	Exact     int     // exact hits, at most Params.K
	ExactTook time.Duration
}

// Verify asks the same question again, exactly, and says what share of the nearest
// pictures an answer has. The error is store.ErrNotExact where the store cannot.
func (s *Service) Verify(ctx context.Context, q Question, p Params, a Answer) (Verification, error) {
	p.Exact = true
	exact, err := s.Ask(ctx, q, p)
	if err != nil {
		return Verification{}, err
	}
	found := recall.Of(a.Hits, exact.Hits)
	return Verification{
		Recall: recall.Share(found, len(exact.Hits)), Found: found, Exact: len(exact.Hits), ExactTook: exact.Took,
	}, nil
}
