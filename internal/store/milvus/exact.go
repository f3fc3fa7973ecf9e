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

// An exact search has the server score every record: it is asked for all records of one
// range of ids after the other, as many as a search can give, and answers with ids and
// scores. Where as many came back as the server counts, none was missed, whatever the
// index does. That is some 60 bytes a record and query, where its vector has thousands.
//
// Servers miss some while they have not built the index of what was just written. Where
// they do, where the index keeps the vectors with loss, where vectors are not of length 1, where
// there are many queries, or where something is missing, the vectors themselves are read
// and scored here, a page at a time.

// candidate is a record by its score. Better ones come first.
type candidate struct {
	id    string
	score float32
}

func better(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.id, b.id))
}

// leaders are the best k candidates so far, and perhaps some more.
type leaders struct {
	k     int
	least float32
	all   []candidate
}

func (l *leaders) offer(id string, score float32) {
	if score < l.least {
		return
	}
	if l.all = append(l.all, candidate{id, score}); len(l.all) >= 2*l.k+1024 {
		l.cut()
	}
}

// cut keeps the best k, and lets the others pass only if they are better than the last.
func (l *leaders) cut() {
	slices.SortFunc(l.all, better)
	if len(l.all) > l.k {
		l.all = l.all[:l.k]
		l.least = max(l.least, l.all[l.k-1].score)
	}
}

// SearchExact implements store.ExactSearcher.
func (s *Store) SearchExact(ctx context.Context, q store.Query) ([][]store.Hit, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	where, empty, err := s.prepare(q)
	if err != nil || where == never || q.Vectors.Rows == 0 {
		return empty, err
	}
	if s.canRank(q) {
		best, ok, err := s.rank(ctx, q, where)
		if err != nil {
			return nil, fmt.Errorf("searching exactly: %w", err)
		}
		if ok {
			return s.hits(ctx, best)
		}
		s.log.InfoContext(ctx, "the server does not score all records; their vectors are read instead", "collection", s.physical)
	}
	return s.searchByReading(ctx, q)
}

// canRank reports whether the server's scores are exact, and cheaper than the vectors.
func (s *Store) canRank(q store.Query) bool {
	const hit = 64
	switch s.meta.Index {
	case "FLAT", "HNSW", "IVF_FLAT":
		return !s.foreignVectors.Load() && q.Vectors.Rows*hit < 4*s.meta.Model.Dim
	}
	return false
}

// rankPage is how many records a range is to have, about: fewer than a search gives.
const rankPage = maxWindow / 2

// rank lets the server score all records. ok is false where it did not.
func (s *Store) rank(ctx context.Context, q store.Query, where condition) (best []*leaders, ok bool, err error) {
	sc := scan{s: s, collection: s.physical, where: where.text, page: rankPage}
	want, err := sc.counted(ctx)
	if err != nil {
		return nil, false, err
	}
	best = newLeaders(q)
	var got int64
	for low, high := range ranges(sc.pages(want)) {
		n, ok, err := s.rankRange(ctx, q, where, low, high, best)
		if err != nil || !ok {
			return nil, false, err
		}
		if got += n; low == "" { // what the first range lacks, the others will
			there, err := s.count(ctx, s.physical, both(within(low, high), where.text), service.Session)
			if err != nil || there != n {
				return nil, false, err
			}
		}
	}
	return best, got == want, nil
}

func newLeaders(q store.Query) []*leaders {
	best := make([]*leaders, q.Vectors.Rows)
	for i := range best {
		best[i] = &leaders{k: q.K, least: q.MinScore}
	}
	return best
}

// rankRange scores the records with ids from low up to high, "" for no end, and returns
// how many there are.
func (s *Store) rankRange(ctx context.Context, q store.Query, where condition, low, high string, best []*leaders) (n int64, ok bool, err error) {
	results, err := s.rawSearch(ctx, service.Session, both(within(low, high), where.text), nil, q.Vectors, maxWindow,
		parameters(s.meta.Index, math.MaxInt32, maxWindow))
	if err != nil || len(results) != q.Vectors.Rows {
		return 0, false, err
	}
	for i, r := range results {
		if r.Count == 0 {
			return 0, true, nil
		}
		ids, isText := r.IDs.(service.Texts)
		if r.Err != nil || !isText || len(ids) != len(r.Scores) || r.Count != results[0].Count {
			return 0, false, r.Err
		}
		if len(r.Scores) >= maxWindow { // there may be more
			return s.rankHalves(ctx, q, where, low, high, ids, best)
		}
		for j, id := range ids {
			if math.Abs(float64(r.Scores[j])) > scoreAbove {
				s.foreignVectors.Store(true)
				return 0, false, nil
			}
			best[i].offer(id, cosine(r.Scores[j]))
		}
	}
	return int64(results[0].Count), true, nil
}

// rankHalves scores a range that holds more records than a search gives. The ids are
// some of them.
func (s *Store) rankHalves(ctx context.Context, q store.Query, where condition, low, high string, ids []string, best []*leaders) (n int64, ok bool, err error) {
	ids = slices.Sorted(slices.Values(ids))
	middle := ids[len(ids)/2]
	if middle <= low || checkID(middle) != nil {
		return 0, false, nil
	}
	if n, ok, err = s.rankRange(ctx, q, where, low, middle, best); err != nil || !ok {
		return n, ok, err
	}
	more, ok, err := s.rankRange(ctx, q, where, middle, high, best)
	return n + more, ok, err
}

// searchByReading reads the vectors of all records that pass the filter and scores them
// here. One pass serves all query vectors.
func (s *Store) searchByReading(ctx context.Context, q store.Query) ([][]store.Hit, error) {
	best := newLeaders(q)
	err := s.scanPages(ctx, q.Filter, store.Fields{Vectors: true}, func(page []store.Record) error {
		if len(page) == 0 {
			return nil
		}
		block := vec.NewMatrix(len(page), s.meta.Model.Dim)
		for i, r := range page {
			copy(block.Row(i), r.Vector)
		}
		scores := vec.NewMatrix(q.Vectors.Rows, len(page))
		if err := s.engine.Score(ctx, block, q.Vectors, scores); err != nil {
			return err
		}
		for j, top := range best {
			for i, score := range scores.Row(j) {
				top.offer(page[i].ID, cosine(score))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.hits(ctx, best)
}

// hits reads the records of the best candidates.
func (s *Store) hits(ctx context.Context, best []*leaders) ([][]store.Hit, error) {
	records := make(map[string]*store.Record)
	var ids []string
	for _, top := range best {
		top.cut()
		for _, c := range top.all {
			if _, ok := records[c.id]; !ok {
				records[c.id] = nil
				ids = append(ids, c.id)
			}
		}
	}
	if err := s.eachRow(ctx, ids, 0, func(r readRecord) {
		if r.ok {
			records[r.ID] = &r.Record
		}
	}); err != nil {
		return nil, err
	}
	out := make([][]store.Hit, len(best))
	for i, top := range best {
		out[i] = make([]store.Hit, 0, len(top.all))
		for _, c := range top.all {
			if r := records[c.id]; r != nil { // else it was removed meanwhile, or cannot be shown
				out[i] = append(out[i], store.Hit{Record: *r, Score: c.score})
			}
		}
	}
	return out, nil
}
