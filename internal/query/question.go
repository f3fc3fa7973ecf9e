package query

import (
	"context"
	"time"

	"github.com/sightline/sightline/internal/measure/recall"
	"github.com/sightline/sightline/internal/store"
)

// Question is the subject of a query: a Text, an ImageFile or a PictureLike.
type Question interface {
	ask(ctx context.Context, s *Service, p Params) ([]store.Hit, error)
}

// The kinds of questions.
type (
	Text        string // what the pictures show
	ImageFile   string // a file that they are like, which need not be in the index
	PictureLike string // the id or the path of a picture of the index that they are like
)

func (t Text) ask(ctx context.Context, s *Service, p Params) ([]store.Hit, error) {
	return s.Text(ctx, string(t), p)
}

func (f ImageFile) ask(ctx context.Context, s *Service, p Params) ([]store.Hit, error) {
	return s.Image(ctx, string(f), p)
}

func (l PictureLike) ask(ctx context.Context, s *Service, p Params) ([]store.Hit, error) {
	return s.Like(ctx, string(l), p)
}

// Answer is what was found, best first, and how long that took.
type Answer struct {
	Hits []store.Hit
	Took time.Duration
}

// Ask answers a question.
func (s *Service) Ask(ctx context.Context, q Question, p Params) (Answer, error) {
	start := time.Now()
	hits, err := q.ask(ctx, s, p)
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
