package milvus

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// The server scores by the inner product, which is the cosine of vectors of length 1
// alone. A vector of another length, which another client wrote, would come before all
// others or after them. It shows by a score that no cosine has, or when it is read with
// its record; from then on the vectors of all hits are looked at. One of another length
// is asked for no more, and comes back with its true cosine. Hits do not come with their
// vectors from the start, since servers then look each record up once more.

// foreignHits are hits by id that are not asked for again: those whose vectors are not
// of length 1, with vectors that are, and nil for rows that cannot be shown.
type foreignHits map[string]*store.Record

// maxRounds is how often a search is repeated without the foreign hits of the one before.
const maxRounds = 4

// scoreAbove is the most that rounding makes of the inner product of two vectors of
// length 1, with what UnitTolerance allows.
const scoreAbove = 1 + 2*vec.UnitTolerance

// askTruly sends one search message, and more where foreign vectors are among the hits.
func (s *Store) askTruly(ctx context.Context, q store.Query, where condition, queries vec.Matrix, value int) ([][]store.Hit, error) {
	foreign := make(foreignHits)
	wider, limited := q, where
	for range maxRounds {
		before := len(foreign)
		found, hits, err := s.ask(ctx, wider, limited, queries, value)
		if err != nil {
			return nil, err
		}
		maps.Copy(foreign, found)
		if len(foreign) == before {
			return foreign.joinTo(hits, queries, q), nil
		}
		if len(foreign) > maxIDs {
			break
		}
		var named []string
		for id := range foreign {
			if checkID(id) == nil {
				named = append(named, id)
			}
		}
		slices.Sort(named)
		if len(named) > 0 {
			limited = condition{text: both(where.text, "not ("+oneOf(named)+")")}
		}
		// No expression can name the others: they need room among the hits.
		wider.K = min(q.K+len(foreign)-len(named), maxWindow)
	}
	s.log.WarnContext(ctx, "many vectors in the collection are not of length 1; searching it exactly, which is slow",
		"collection", s.physical)
	q.Vectors = queries
	return s.searchByReading(ctx, q)
}

// joinTo adds the foreign hits to the answer for each query.
func (f foreignHits) joinTo(hits [][]store.Hit, queries vec.Matrix, q store.Query) [][]store.Hit {
	if len(f) == 0 {
		return hits
	}
	for i := range hits {
		for _, r := range f {
			if r == nil {
				continue
			}
			score := cosine(vec.Dot(r.Vector, queries.Row(i)))
			if score >= q.MinScore {
				hit := store.Hit{Record: *r, Score: score}
				hit.Vector = nil
				hits[i] = append(hits[i], hit)
			}
		}
		slices.SortFunc(hits[i], betterHit)
		hits[i] = hits[i][:min(q.K, len(hits[i]))]
	}
	return hits
}

// lookCloser reads the vectors of hits and adds those to foreign that are not of length
// 1, and those that have no direction.
func (s *Store) lookCloser(ctx context.Context, ids []string, foreign foreignHits) error {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	err := s.eachRecord(ctx, ids, func(r readRecord) {
		switch {
		case !r.ok:
			foreign[r.ID] = nil
		case r.scaled:
			foreign[r.ID] = &r.Record
		}
	})
	if err != nil {
		return fmt.Errorf("looking at the vectors of hits: %w", err)
	}
	return nil
}
