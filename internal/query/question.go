package query

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/measure/recall"
	"github.com/sightline/sightline/internal/query/syntax"
	"github.com/sightline/sightline/internal/store"
)

// Question is the subject of a query: a Text, an ImageFile, a PictureLike, Examples or
// a Line.
type Question interface {
	// plan makes embeddings of the question.
	plan(ctx context.Context, s *Service) (*plan, error)
}

// The kinds of questions.
type (
	Text        string // what the pictures show
	ImageFile   string // a file that they are like, which need not be in the index
	PictureLike string // the id or the path of a picture of the index that they are like, itself left out
)

// Examples are pictures of the index, by id or path, that the answer is like and unlike
// (relevance feedback). They are left out of the answer.
type Examples struct{ Like, Unlike []string }

func (t Text) plan(ctx context.Context, s *Service) (*plan, error) {
	if strings.TrimSpace(string(t)) == "" {
		return nil, ErrEmpty
	}
	return s.planTerms(ctx, []syntax.Term{{Kind: syntax.Text, Value: string(t)}})
}

func (f ImageFile) plan(ctx context.Context, s *Service) (*plan, error) {
	v, err := s.EmbedImage(ctx, string(f))
	if err != nil {
		return nil, err
	}
	t := term{Term: syntax.Term{Kind: syntax.Picture, Value: string(f)}, vector: v.Row(0), weight: 1}
	return newPlan([]term{t})
}

func (l PictureLike) plan(ctx context.Context, s *Service) (*plan, error) {
	return Examples{Like: []string{string(l)}}.plan(ctx, s)
}

func (e Examples) plan(ctx context.Context, s *Service) (*plan, error) {
	var found []string
	terms, err := e.terms(func(name string) ([]float32, error) {
		r, err := s.Find(ctx, name)
		found = append(found, r.ID)
		return r.Vector, err
	})
	if err != nil {
		return nil, err
	}
	p, err := newPlan(terms)
	if err != nil {
		return nil, err
	}
	p.leave = found
	return p, nil
}

// Answer is what was found, best first, and how long that took.
type Answer struct {
	Hits []store.Hit
	// Matches says of each hit what else is known of it.
	Matches []Match
	// Offset is the place of the first hit among all, from 0.
	Offset int
	// Query is the question as it was understood, where it is a Line.
	Query string
	// Terms are the terms of the question, in order, in the form in which they were
	// understood.
	Terms []TermForm
	// Confidence says whether anything matches the question at all.
	Confidence Confidence
	// Best is the probability, 0 to 1, that the nearest picture shows what was asked for;
	// it is what Confidence is judged by.
	Best float32
	// Depth is how many of the nearest pictures were looked at, where the search was given
	// up before the page was full; else 0.
	Depth int
	Took  time.Duration
}

// Match is what an answer knows of a hit beside its score.
type Match struct {
	// Copies counts the further pictures of the same content that were folded into it.
	Copies int
	// Near counts further pictures of nearly the same look, and their copies, that were folded
	// into it: those of which it is known what they show, see Service.KnowLooks.
	Near int
	// Group and Rank are what GroupBy says of the hit; zero where the answer is not grouped.
	Group string
	Rank  int
	// Parts has the part of each of Answer.Terms, where Params.Explain asked for it.
	Parts []Part
}

// TermForm is a term as it was understood.
type TermForm struct {
	Term   string  // as it would be written
	Weight float64 // in the sum; negative where it is subtracted, 0 where it only excludes
}

// Part is what a term does to a hit.
type Part struct {
	Cosine float32 // of the term alone with the picture
	Share  float32 // of the score: the shares of all terms add up to it
	// Probability is that of the term being true of the picture; -1 where the term is no
	// text and has none.
	Probability float32
}

// Ask answers a question.
func (s *Service) Ask(ctx context.Context, q Question, p Params) (Answer, error) {
	start := time.Now()
	pl, err := q.plan(ctx, s)
	if err != nil {
		return Answer{}, err
	}
	a, err := s.answer(ctx, pl, p)
	if err == nil && a.Confidence == Confident {
		var none bool
		if none, err = s.readsNone(q); none {
			a.Confidence = NotConfident
			if p.Cutoff.Kind == CutAuto {
				a.Hits, a.Matches = []store.Hit{}, []Match{}
			}
		}
	}
	a.Took = time.Since(start)
	return a, err
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

// textVector embeds a text, through the cache of earlier ones.
func (s *Service) textVector(ctx context.Context, text string) ([]float32, error) {
	v, err := s.texts.embed(ctx, s.encoder, text)
	if err != nil {
		return nil, fmt.Errorf("embedding the query: %w", err)
	}
	return v.Row(0), nil
}
