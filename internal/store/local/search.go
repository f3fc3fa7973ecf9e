package local

import (
	"context"
	"fmt"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

// Search implements store.Searcher. The result is exact: every record that matches the
// filter is scored, or bounded by a pass over its codes that shows it to be worse.
func (s *Store) Search(ctx context.Context, q store.Query) ([][]store.Hit, error) {
	if err := s.isOpen(); err != nil {
		return nil, err
	}
	if err := q.Validate(s.model.Dim); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	if _, err := compile(q.Filter); err != nil { // also where there is nothing to search
		return nil, fmt.Errorf("search: %w", err)
	}
	if q.Vectors.Rows == 0 {
		return [][]store.Hit{}, nil
	}
	sn, err := s.snapshot(ctx, withVectors)
	if err != nil {
		return nil, err
	}
	defer sn.release()
	tops, err := s.searchRecords(ctx, sn, q)
	if err != nil {
		return nil, s.closedOr(fmt.Errorf("search: %w", err))
	}
	hits, err := sn.hits(ctx, tops)
	return hits, s.closedOr(err)
}

// searchRecords searches the records that meet the filter.
func (s *Store) searchRecords(ctx context.Context, sn *snapshot, q store.Query) ([]*vec.TopK, error) {
	var selected *bitmap
	var err error
	if q.Filter == nil {
		selected, err = sn.live(ctx)
	} else {
		selected, err = s.selected(ctx, sn, q.Filter)
	}
	if err != nil {
		return nil, err
	}
	return s.searchRows(ctx, sn, q, selected)
}

// searchRows searches the selected rows.
func (s *Store) searchRows(ctx context.Context, sn *snapshot, q store.Query, selected *bitmap) ([]*vec.TopK, error) {
	codes := s.codes
	if int64(selected.size()) < s.cachesFrom {
		codes = nil
	}
	for _, rowID := range sn.vectors.damagedRows() {
		if rowID < selected.n {
			selected.clear(rowID)
		}
	}
	for {
		scan := newScan(s.engine, codes, sn, q, selected)
		var tops []*vec.TopK
		err := vec.CatchFault(func() (err error) {
			tops, err = scan.run(ctx)
			return err
		})
		if err != nil {
			return nil, sn.vectors.explainFault(err)
		}
		if len(scan.bad) == 0 {
			return tops, nil
		}
		// What a damaged vector or its bounds displaced is looked for again.
		if sn.vectors.addDamaged(scan.bad) {
			paths, err := sn.pathsOf(ctx, scan.bad)
			if err != nil {
				return nil, err
			}
			s.warnDamaged(paths)
		}
		for _, rowID := range scan.bad {
			selected.clear(rowID)
		}
	}
}

// warnDamaged tells of pictures whose vectors are damaged, which are left out.
func (s *Store) warnDamaged(paths []string) {
	for _, path := range paths {
		s.log.Warn("the embedding of a picture is damaged and is not used; indexer verify --repair repairs it", "path", path)
	}
}

// live is the rows that hold a record: all but the freed ones, which are few.
func (sn *snapshot) live(ctx context.Context) (*bitmap, error) {
	b := full(sn.rowCount)
	err := sn.eachRowID(ctx, condition{sql: "SELECT slot FROM freed"}, b.clear)
	return b, err
}

func (sn *snapshot) eachRowID(ctx context.Context, query condition, f func(rowID int64)) error {
	rows, err := sn.tx.QueryContext(ctx, query.sql, query.args...)
	if err != nil {
		return sqlError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var rowID int64
		if err := rows.Scan(&rowID); err != nil {
			return sqlError(err)
		}
		if rowID < 0 || rowID >= sn.rowCount {
			return fmt.Errorf("%w: row %d of %d", store.ErrDamaged, rowID, sn.rowCount)
		}
		f(rowID)
	}
	return sqlError(rows.Err())
}

// hits turns rows into records, best first and by id where scores are equal.
func (sn *snapshot) hits(ctx context.Context, tops []*vec.TopK) ([][]store.Hit, error) {
	var tied []int64
	for _, top := range tops {
		for _, rowID := range top.Tied() {
			tied = append(tied, int64(rowID))
		}
	}
	ids, err := sn.ids(ctx, tied)
	if err != nil {
		return nil, err
	}
	best := make([][]vec.Scored, len(tops))
	wanted := make(map[int64]bool)
	for q, top := range tops {
		best[q] = top.Sorted(func(a, b int) bool { return ids[int64(a)] < ids[int64(b)] })
		for _, b := range best[q] {
			wanted[int64(b.Index)] = true
		}
	}
	rowIDs := make([]int64, 0, len(wanted))
	for rowID := range wanted {
		rowIDs = append(rowIDs, rowID)
	}
	records, err := sn.byRowIDs(ctx, rowIDs)
	if err != nil {
		return nil, err
	}
	out := make([][]store.Hit, len(tops))
	for q := range best {
		out[q] = make([]store.Hit, len(best[q]))
		for i, b := range best[q] {
			r, ok := records[int64(b.Index)]
			if !ok {
				return nil, fmt.Errorf("%w: no record in row %d", store.ErrDamaged, b.Index)
			}
			out[q][i] = store.Hit{Record: *r, Score: b.Score}
		}
	}
	return out, nil
}

func (sn *snapshot) ids(ctx context.Context, rowIDs []int64) (map[int64]string, error) {
	ids := make(map[int64]string, len(rowIDs))
	for chunk := range chunks(rowIDs) {
		rows, err := sn.tx.QueryContext(ctx, "SELECT slot, id FROM records WHERE slot IN "+list(len(chunk)), chunk...)
		if err != nil {
			return nil, sqlError(err)
		}
		defer rows.Close()
		for rows.Next() {
			var rowID int64
			var id string
			if err := rows.Scan(&rowID, &id); err != nil {
				return nil, sqlError(err)
			}
			ids[rowID] = id
		}
		if err := rows.Err(); err != nil {
			return nil, sqlError(err)
		}
	}
	return ids, nil
}
