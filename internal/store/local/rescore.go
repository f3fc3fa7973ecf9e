package local

import (
	"context"

	"github.com/sightline/sightline/internal/vec"
)

// finish scores the candidates in the order of what they could reach, until no other
// can be among the best.
func (sc *scan) finish(ctx context.Context) ([]*vec.TopK, error) {
	tops := make([]*vec.TopK, len(sc.found))
	checked := sc.sn.vectors.checkedRows(sc.sn.rowCount)
	err := onCores(len(tops), func(q int) error {
		top := vec.NewTopK(sc.k)
		tops[q] = top
		list := sc.found[q].sorted()
		query := sc.queries.Row(q)
		check := sc.sn.rowChecker(ctx)
		var buf []float32
		for i, c := range list {
			if !(c.upper >= max(sc.min, top.Threshold())) {
				break
			}
			if i%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if i%expected == 0 {
				if err := sc.sn.expect(ctx, unchecked(list[i:min(i+expected, len(list))], checked)); err != nil {
					return err
				}
			}
			row, err := sc.sn.vectors.rows(c.rowID, c.rowID+1, &buf)
			if err != nil {
				return err
			}
			if sound, err := check.soundOnce(checked, c.rowID, row.Data); err != nil {
				return err
			} else if !sound {
				sc.mark(c.rowID)
				continue
			}
			if score := vec.Dot(row.Data, query); score >= sc.min {
				// Rounding can take a cosine a little past its bounds.
				top.Offer(int(c.rowID), max(-1, min(1, score)))
			}
		}
		return nil
	})
	return tops, err
}

// expected is how many candidates' checksums are read at once.
const expected = 128

// unchecked returns the rows of candidates whose vectors have not been compared with their
// checksums.
func unchecked(list []candidate, checked checkedRows) []int64 {
	var out []int64
	for _, c := range list {
		if !checked.has(c.rowID) {
			out = append(out, c.rowID)
		}
	}
	return out
}
