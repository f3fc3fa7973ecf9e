package milvus

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/milvus-io/milvus-sdk-go/v2/client"
	"github.com/milvus-io/milvus-sdk-go/v2/entity"

	"github.com/sightline/sightline/internal/store"
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
	vectors := make([]entity.Vector, queries.Rows)
	for i := range vectors {
		vectors[i] = entity.FloatVector(queries.Row(i))
	}
	results, err := s.rawSearch(ctx, s.level, where.text, recordFields, vectors, q.K, parameters(s.meta.Index, value, q.K))
	if err != nil {
		return nil, nil, err
	}
	out := make([][]store.Hit, queries.Rows)
	for i := range out {
		out[i] = []store.Hit{}
	}
	if len(results) != queries.Rows {
		// The SDK leaves out a query whose answer it cannot read, and those after it
		// move up: which answer is whose is not known any more.
		total := 0
		for _, r := range results {
			total += r.ResultCount
		}
		if total == 0 && len(results) == 0 {
			return nil, out, nil
		}
		return nil, nil, fmt.Errorf("%d query vectors were sent, and %d answers came back", queries.Rows, len(results))
	}
	foreign := make(foreignHits)
	var suspects []string
	for i, r := range results {
		if r.ResultCount == 0 {
			continue // with an error beside it that means nothing
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

// rawSearch calls the SDK, which does not look whether the lists in an answer are as
// long as they claim to be.
func (s *Store) rawSearch(ctx context.Context, level entity.ConsistencyLevel, expr string, fields []string, vectors []entity.Vector, k int, p entity.SearchParam) (results []client.SearchResult, err error) {
	defer func() {
		if r := recover(); r != nil {
			results, err = nil, fmt.Errorf("the server's answer cannot be read: %v", r)
		}
	}()
	level, done := s.session.level(s.physical, level)
	results, err = s.client.Search(ctx, s.physical, nil, expr, fields, vectors, fieldVector, s.index.metric, k, p,
		client.WithSearchQueryConsistencyLevel(level))
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
