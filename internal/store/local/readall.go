package local

import (
	"context"
	"iter"
	"slices"

	"github.com/sightline/sightline/internal/store"
)

// Scan implements store.Scanner. In id order it holds one SQLite read transaction,
// which stops no writer, and a chunk of records in memory.
func (s *Store) Scan(ctx context.Context, f store.Filter, fields store.Fields) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		scan := s.scanByID
		if fields.AnyOrder {
			scan = s.scanByRow
		}
		err := scan(ctx, f, fields, func(r store.Record) bool { return yield(r, nil) })
		if err != nil {
			yield(store.Record{}, s.closedOr(err))
		}
	}
}

// scanByID calls yield for each record until it returns false, which is no error.
func (s *Store) scanByID(ctx context.Context, f store.Filter, fields store.Fields, yield func(store.Record) bool) error {
	where, err := compile(f)
	if err != nil {
		return err
	}
	sn, err := s.snapshot(ctx, viewFor(fields))
	if err != nil {
		return err
	}
	defer sn.release()
	if err := sn.canAnswer(where); err != nil {
		return err
	}
	rows, err := sn.tx.QueryContext(ctx, "SELECT "+sn.recordColumns()+" FROM records r WHERE "+where.sql+" ORDER BY r.id", where.args...)
	if err != nil {
		return sqlError(err)
	}
	defer rows.Close()

	chunk := make([]row, 0, chunkSize)
	flush := func() (bool, error) {
		whole, err := sn.attach(ctx, chunk, fields)
		if err != nil {
			return false, err
		}
		more, err := yieldAll(ctx, whole, yield)
		chunk = chunk[:0]
		return more, err
	}
	for rows.Next() {
		r, err := scanRecord(rows)
		if err != nil {
			return err
		}
		if chunk = append(chunk, r); len(chunk) == chunkSize {
			if more, err := flush(); !more || err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return sqlError(err)
	}
	_, err = flush()
	return err
}

// scanByRow is scanByID in the order of the rows, with a statement for each chunk. A store that
// is open for writing takes a new view for each: nobody else changes the index, rows
// are not used twice, and a view that lasted for the whole scan would keep the
// catalogue's log from being folded in while the caller writes.
func (s *Store) scanByRow(ctx context.Context, f store.Filter, fields store.Fields, yield func(store.Record) bool) error {
	where, err := compile(f)
	if err != nil {
		return err
	}
	var sn *snapshot
	letGo := func() {
		if sn != nil {
			sn.release()
			sn = nil
		}
	}
	defer letGo()
	var from int64
	end := int64(-1) // what is added meanwhile lies behind it
	for {
		if sn == nil {
			if sn, err = s.snapshot(ctx, viewFor(fields)); err != nil {
				return err
			}
		}
		if err := sn.canAnswer(where); err != nil {
			return err
		}
		if end < 0 {
			end = sn.rowCount
		}
		statement := "SELECT " + sn.recordColumns() + " FROM records r WHERE r.slot >= ? AND r.slot < ? AND (" + where.sql + ") ORDER BY r.slot LIMIT ?"
		args := append(append([]any{from, end}, where.args...), chunkSize)
		chunk, err := sn.queryRecords(ctx, statement, args...)
		if err != nil || len(chunk) == 0 {
			return err
		}
		whole, err := sn.attach(ctx, chunk, fields)
		if err != nil {
			return err
		}
		first, last := chunk[0].rowID, chunk[len(chunk)-1].rowID
		if fields.Vectors {
			// Nobody comes back to them, and the mapping would grow to the whole file.
			sn.vectors.forget(first, last+1)
		}
		if from = last + 1; s.write != nil {
			letGo()
		}
		if more, err := yieldAll(ctx, whole, yield); !more || err != nil {
			return err
		}
	}
}

// attach reads the tags of a chunk of records and, where they are wanted, the vectors. It
// returns the records but for those that wait to be read again, which have no vector. One
// that is damaged is an error.
func (sn *snapshot) attach(ctx context.Context, chunk []row, fields store.Fields) ([]row, error) {
	if err := sn.attachTags(ctx, chunk); err != nil || !fields.Vectors {
		return chunk, err
	}
	damaged, err := sn.attachVectors(ctx, chunk)
	if err != nil {
		return nil, err
	}
	if len(damaged) > 0 {
		return nil, damagedVector(damaged[0])
	}
	return slices.DeleteFunc(slices.Clone(chunk), func(r row) bool { return r.Vector == nil }), nil
}

func yieldAll(ctx context.Context, chunk []row, yield func(store.Record) bool) (more bool, err error) {
	for i := range chunk {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if !yield(chunk[i].Record) {
			return false, nil
		}
	}
	return true, nil
}
