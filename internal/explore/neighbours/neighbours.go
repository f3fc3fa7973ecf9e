// Package neighbours finds the nearest pictures of every picture, exactly: by the store's
// own search, or by comparing all rows of a matrix.
package neighbours

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"github.com/sightline/sightline/internal/explore/layout"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

const (
	// queries is how many pictures are searched for at once.
	queries = 256
	// blockRows is how many rows a batch of queries is compared with at once: 16 MB of
	// scores.
	blockRows = 16_384
)

// FromStore asks a store for the k nearest of each picture. ids and rows, unit vectors, are
// those of the pictures; what the store finds beside them is left out, and so may be a
// picture's own k-th where that happens. Lists come nearest first. done is told how many
// pictures have theirs. Memory grows with pictures times k by 8 bytes each. The error is
// store.ErrNotExact where the store cannot search exactly.
func FromStore(ctx context.Context, st store.Store, ids []string, rows vec.Matrix, k int, done func(n int)) ([][]layout.Neighbour, error) {
	at := make(map[string]int32, len(ids))
	for i, id := range ids {
		at[id] = int32(i)
	}
	out := make([][]layout.Neighbour, rows.Rows)
	for from := 0; from < rows.Rows; from += queries {
		part := rows.Slice(from, min(from+queries, rows.Rows))
		hits, err := store.SearchExact(ctx, st, store.Query{Vectors: part, K: k + 1, MinScore: -1})
		if err != nil {
			return nil, fmt.Errorf("looking for neighbours: %w", err)
		}
		for q, list := range hits {
			own := int32(from + q)
			near := make([]layout.Neighbour, 0, k)
			for _, h := range list {
				if i, ok := at[h.ID]; ok && i != own && len(near) < k {
					near = append(near, layout.Neighbour{Index: i, Distance: max(0, 1-h.Score)})
				}
			}
			out[own] = near
		}
		done(part.Rows)
	}
	return out, nil
}

// FromMatrix compares all rows, unit vectors, with each other, and returns the k nearest of
// each, nearest first and equally near ones in order. done is told how many rows have
// theirs.
func FromMatrix(ctx context.Context, rows vec.Matrix, k int, engine vec.Engine, done func(n int)) ([][]layout.Neighbour, error) {
	out := make([][]layout.Neighbour, rows.Rows)
	buffer := make([]float32, min(queries, rows.Rows)*min(blockRows, rows.Rows))
	for from := 0; from < rows.Rows; from += queries {
		part := rows.Slice(from, min(from+queries, rows.Rows))
		tops := make([]*vec.TopK, part.Rows)
		for q := range tops {
			tops[q] = vec.NewTopK(k)
		}
		for first := 0; first < rows.Rows; first += blockRows {
			block := rows.Slice(first, min(first+blockRows, rows.Rows))
			scores := vec.Matrix{Data: buffer[:part.Rows*block.Rows], Rows: part.Rows, Cols: block.Rows}
			if err := engine.Score(ctx, block, part, scores); err != nil {
				return nil, fmt.Errorf("looking for neighbours: %w", err)
			}
			each(part.Rows, func(q int) { offer(tops[q], scores.Row(q), first, from+q) })
		}
		each(part.Rows, func(q int) {
			for _, s := range tops[q].Sorted(nil) {
				out[from+q] = append(out[from+q], layout.Neighbour{Index: int32(s.Index), Distance: max(0, 1-s.Score)})
			}
		})
		done(part.Rows)
	}
	return out, nil
}

// offer offers all scores but a row's own.
func offer(top *vec.TopK, scores []float32, first, own int) {
	for i, s := range scores {
		if s >= top.Threshold() && first+i != own {
			top.Offer(first+i, s)
		}
	}
}

// each calls f for 0 to n-1 on all cores.
func each(n int, f func(i int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	wg.Wait()
}
