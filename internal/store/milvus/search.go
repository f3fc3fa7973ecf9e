package milvus

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/milvus/service"
	"github.com/sightline/sightline/internal/vec"
)

// The limits of one search message. An answer carries whole records.
const (
	maxQueries  = 1024
	answerBytes = 32 << 20
	hitBytes    = 1024
)

// Search implements store.Searcher.
func (s *Store) Search(ctx context.Context, q store.Query) ([][]store.Hit, error) {
	return s.SearchWith(ctx, q, s.parameter(q.K))
}

// SearchWith implements store.Tunable.
func (s *Store) SearchWith(ctx context.Context, q store.Query, value int) ([][]store.Hit, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	where, empty, err := s.prepare(q)
	if err != nil || where == never || q.Vectors.Rows == 0 {
		return empty, err
	}
	if q.K > maxWindow {
		n, err := s.count(ctx, s.physical, where.everything(), s.level)
		if err != nil {
			return nil, fmt.Errorf("counting what can be found: %w", err)
		}
		if n > maxWindow {
			return s.SearchExact(ctx, q)
		}
		q.K = maxWindow
	}
	out := make([][]store.Hit, 0, q.Vectors.Rows)
	step := min(max(answerBytes/(hitBytes*q.K), 1), maxQueries)
	for from := 0; from < q.Vectors.Rows; from += step {
		to := min(from+step, q.Vectors.Rows)
		hits, err := s.askTruly(ctx, q, where, q.Vectors.Slice(from, to), value)
		if err != nil {
			return nil, fmt.Errorf("searching: %w", err)
		}
		out = append(out, hits...)
	}
	return out, nil
}

// prepare checks a query and compiles its filter. The empty answer has one slice a
// query vector.
func (s *Store) prepare(q store.Query) (where condition, empty [][]store.Hit, err error) {
	if err := q.Validate(s.meta.Model.Dim); err != nil {
		return never, nil, err
	}
	if where, err = compile(q.Filter); err != nil {
		return never, nil, err
	}
	empty = make([][]store.Hit, q.Vectors.Rows)
	for i := range empty {
		empty[i] = []store.Hit{}
	}
	return where, empty, nil
}

// ask sends one search message. Hits whose vectors are not of length 1 are returned
// apart.
func (s *Store) ask(ctx context.Context, q store.Query, where condition, queries vec.Matrix, value int) (foreignHits, [][]store.Hit, error) {
	results, err := s.rawSearch(ctx, s.level, where.text, recordFields, queries, q.K, parameters(s.meta.Index, value, q.K))
	if err != nil {
		return nil, nil, err
	}
	out := make([][]store.Hit, queries.Rows)
	for i := range out {
		out[i] = []store.Hit{}
	}
	foreign := make(foreignHits)
	var suspects []string
	for i, r := range results {
		if r.Count == 0 {
			continue
		}
		if r.Err != nil {
			return nil, nil, fmt.Errorf("the answer to query vector %d cannot be read: %w", i, r.Err)
		}
		answer := newRows(r.Fields)
		if out[i], err = hitsOf(answer, r.Scores, q.MinScore, foreign); err != nil {
			return nil, nil, err
		}
		s.warn(ctx, answer)
		for j, score := range r.Scores {
			if math.Abs(float64(score)) > scoreAbove {
				suspects = append(suspects, answer.raw(fieldID, j))
			}
		}
	}
	if len(suspects) > 0 {
		s.foreignVectors.Store(true)
	}
	if s.foreignVectors.Load() {
		for _, hits := range out {
			for _, h := range hits {
				suspects = append(suspects, h.ID)
			}
		}
		err = s.lookCloser(ctx, suspects, foreign)
	}
	return foreign, out, err
}

// rawSearch searches, and makes cosines of the scores.
func (s *Store) rawSearch(ctx context.Context, level service.Consistency, expr string, fields []string, queries vec.Matrix, k int, p map[string]any) ([]service.Answer, error) {
	vectors := make([][]float32, queries.Rows)
	for i := range vectors {
		vectors[i] = queries.Row(i)
	}
	level, done := s.session.level(s.physical, level)
	results, err := s.client.Search(ctx, service.Search{
		Collection: s.physical, Expr: expr, Fields: fields, Field: fieldVector, Vectors: vectors, Metric: s.index.metric, K: k, Params: p,
		Consistency: level,
	})
	if err == nil {
		done()
		for _, r := range results {
			for i, score := range r.Scores {
				r.Scores[i] = s.index.cosineOf(score)
			}
		}
	}
	return results, err
}

// hitsOf turns an answer into hits, best first and equal scores in id order. Rows
// that cannot be shown it puts aside.
func hitsOf(r *rows, scores []float32, least float32, foreign foreignHits) ([]store.Hit, error) {
	if r.len() != len(scores) {
		return nil, fmt.Errorf("the server's answer has %d records and %d scores", r.len(), len(scores))
	}
	out := make([]store.Hit, 0, len(scores))
	for i, score := range scores {
		if score = cosine(score); score < least {
			continue
		}
		record := r.record(i, 0)
		if !record.ok {
			foreign[record.ID] = nil
			continue
		}
		out = append(out, store.Hit{Record: record.Record, Score: score})
	}
	if r.err != nil {
		return nil, r.err
	}
	slices.SortFunc(out, betterHit)
	return out, nil
}

// cosine cuts off what rounding adds to a cosine.
func cosine(score float32) float32 { return min(max(score, -1), 1) }

func betterHit(a, b store.Hit) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(a.ID, b.ID))
}
