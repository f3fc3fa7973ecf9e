package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/sightline/sightline/internal/store"
)

// recordColumns is what scanRecord reads, of a table called r.
func (st *state) recordColumns() string {
	about := "r.about"
	if st.format < formatAbout {
		about = "''"
	}
	return `r.slot, r.id, r.path, r.root, r.size, r.mtime_s, r.mtime_ns, r.hash,
	r.width, r.height, r.format, r.taken, r.when_s, r.when_ns, ` + st.stampColumn() + ", " + about
}

// stampColumn is the stamp of the metadata. An index of format 1 that was only opened
// for reading has none yet.
func (st *state) stampColumn() string {
	if st.format < formatAbout {
		return strconv.Itoa(store.StaleMetadata)
	}
	return "r.metadata_stamp"
}

// row is a record with its place.
type row struct {
	store.Record
	rowID int64
}

func scanRecord(rows *sql.Rows) (row, error) {
	var r row
	var path, root []byte
	var modS, modNS, whenS, whenNS int64
	var taken bool
	var about string
	err := rows.Scan(&r.rowID, &r.ID, &path, &root, &r.Size, &modS, &modNS, &r.ContentHash,
		&r.Width, &r.Height, &r.Format, &taken, &whenS, &whenNS, &r.MetadataStamp, &about)
	if err != nil {
		return r, sqlError(err)
	}
	r.Path, r.Root = string(path), string(root)
	r.ModTime = timeOf(modS, modNS)
	if taken {
		r.TakenAt = timeOf(whenS, whenNS)
	}
	if about != "" {
		if err := json.Unmarshal([]byte(about), &r.About); err != nil {
			return r, fmt.Errorf("%w: what %s says about itself: %w", store.ErrDamaged, r.ID, err)
		}
	}
	return r, nil
}

func timeOf(s, ns int64) time.Time { return time.Unix(s, ns).UTC() }

// secondsOf splits a time for the catalogue. It covers every time.Time, which
// UnixNano does not.
func secondsOf(t time.Time) (s, ns int64) { return t.Unix(), int64(t.Nanosecond()) }

// queryRecords reads the records that a statement selects; the statement must select
// recordColumns. Tags and vectors are not read.
func (sn *snapshot) queryRecords(ctx context.Context, query string, args ...any) ([]row, error) {
	rows, err := sn.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, sqlError(err)
	}
	defer rows.Close()
	var out []row
	for rows.Next() {
		r, err := scanRecord(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, sqlError(rows.Err())
}

// byRowIDs returns the records in the given rows, tags included, with one statement
// a chunk.
func (sn *snapshot) byRowIDs(ctx context.Context, rowIDs []int64) (map[int64]*store.Record, error) {
	out := make(map[int64]*store.Record, len(rowIDs))
	for chunk := range chunks(rowIDs) {
		rows, err := sn.queryRecords(ctx,
			"SELECT "+sn.recordColumns()+" FROM records r WHERE r.slot IN "+list(len(chunk)), chunk...)
		if err != nil {
			return nil, err
		}
		if err := sn.attachTags(ctx, rows); err != nil {
			return nil, err
		}
		for i := range rows {
			out[rows[i].rowID] = &rows[i].Record
		}
	}
	return out, nil
}

// closeRows is how far apart, for each of them, the rows of records may lie for their
// tags to be read as one range.
const closeRows = 4

// attachTags reads the tags of at most chunkSize records.
func (sn *snapshot) attachTags(ctx context.Context, records []row) error {
	if len(records) == 0 {
		return nil
	}
	at := make(map[int64]int, len(records))
	args := make([]any, len(records))
	first, last := records[0].rowID, records[0].rowID
	for i, r := range records {
		at[r.rowID], args[i] = i, r.rowID
		first, last = min(first, r.rowID), max(last, r.rowID)
	}
	which := "IN " + list(len(args))
	if last-first < closeRows*int64(len(records)) {
		which, args = "BETWEEN ? AND ?", []any{first, last}
	}
	rows, err := sn.tx.QueryContext(ctx,
		"SELECT slot, source, label, score, probability FROM tags WHERE slot "+which+" ORDER BY slot, position", args...)
	if err != nil {
		return sqlError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var rowID int64
		var t store.Tag
		if err := rows.Scan(&rowID, &t.Source, &t.Label, &t.Score, &t.Probability); err != nil {
			return sqlError(err)
		}
		if i, ok := at[rowID]; ok {
			records[i].Tags = append(records[i].Tags, t)
		}
	}
	return sqlError(rows.Err())
}

// attachVectors copies the vectors of records, which share their memory.
func (sn *snapshot) attachVectors(records []row) error {
	var buf, all []float32
	for i := range records {
		rowID := records[i].rowID
		if rowID < 0 || rowID >= sn.rowCount {
			return fmt.Errorf("%w: row %d of %d", store.ErrDamaged, rowID, sn.rowCount)
		}
		m, err := sn.vectors.rows(rowID, rowID+1, &buf)
		if err != nil {
			return err
		}
		if all == nil {
			all = make([]float32, 0, len(records)*m.Cols)
		}
		all = append(all, m.Row(0)...)
		records[i].Vector = all[len(all)-m.Cols : len(all) : len(all)]
	}
	return nil
}

// chunks cuts values into the arguments of successive IN lists.
func chunks[T any](values []T) func(yield func([]any) bool) {
	return func(yield func([]any) bool) {
		for len(values) > 0 {
			n := min(len(values), chunkSize)
			args := make([]any, n)
			for i, v := range values[:n] {
				args[i] = v
			}
			values = values[n:]
			if !yield(args) {
				return
			}
		}
	}
}
