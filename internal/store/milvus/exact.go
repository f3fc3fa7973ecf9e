package milvus

import (
	"context"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// SearchExact implements store.ExactSearcher: it reads all vectors that pass the
// filter and scores them here. One pass serves all query vectors.
func (s *Store) SearchExact(ctx context.Context, q store.Query) ([][]store.Hit, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	_, out, err := s.prepare(q)
	if err != nil || q.Vectors.Rows == 0 {
		return out, err
	}
	best := make([]*vec.TopK, q.Vectors.Rows)
	for i := range best {
		best[i] = vec.NewTopK(q.K)
	}
	var kept []store.Record // whatever was among the best of some query at some time
	err = s.scanPages(ctx, q.Filter, store.Fields{Vectors: true}, func(page []store.Record) error {
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
		for i := range page {
			at := -1
			for j, top := range best {
				score := cosine(scores.Row(j)[i])
				if score < q.MinScore || score < top.Threshold() {
					continue
				}
				if at < 0 {
					at = len(kept)
					page[i].Vector = nil
					kept = append(kept, page[i])
				}
				top.Offer(at, score)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for j, top := range best {
		// Records came in id order, so that the order of row numbers is that of ids.
		for _, hit := range top.Sorted(nil) {
			out[j] = append(out[j], store.Hit{Record: kept[hit.Index], Score: hit.Score})
		}
	}
	return out, nil
}
