package local

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/label"
	"github.com/sightline/sightline/internal/store"
)

// SetTags implements store.Writer.
func (s *Store) SetTags(ctx context.Context, source string, tags map[string][]store.Tag) error {
	sourced := make(map[string][]store.Tag, len(tags))
	for id, list := range tags {
		list = slices.Clone(list)
		for i := range list {
			list[i].Source = source
			if err := list[i].Validate(); err != nil {
				return fmt.Errorf("set tags of %s: %w", id, err)
			}
		}
		sourced[id] = list
	}
	return s.change(ctx, func(tx *sql.Tx, _ *state) error {
		places, err := tagPlaces(ctx, tx, slices.Sorted(maps.Keys(sourced)))
		if err != nil {
			return err
		}
		if err := removeTags(ctx, tx, source, places); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, countTagChange); err != nil {
			return sqlError(err)
		}
		insert := newTagInserter(tx)
		defer insert.close()
		for _, p := range places {
			if err := insert.add(ctx, p.rowID, p.next, sourced[p.id]); err != nil {
				return err
			}
		}
		return insert.flush(ctx)
	})
}

// CountTags implements store.TagCounter.
func (s *Store) CountTags(ctx context.Context, source string) (records, tags int64, err error) {
	sn, err := s.snapshot(ctx, catalogueOnly)
	if err != nil {
		return 0, 0, err
	}
	defer sn.release()
	err = sn.tx.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(n), 0) FROM
		(SELECT count(*) AS n FROM tags WHERE source = ? GROUP BY slot)`, source).Scan(&records, &tags)
	return records, tags, s.closedOr(sqlError(err))
}

// tagPlace is where new tags of a record go: its row, and the position behind the
// tags that it has.
type tagPlace struct {
	id    string
	rowID int64
	next  int
}

// tagPlaces looks the places of ids up, and returns them in the order of the table.
func tagPlaces(ctx context.Context, tx *sql.Tx, ids []string) ([]tagPlace, error) {
	places := make([]tagPlace, 0, len(ids))
	for args := range chunks(ids) {
		rows, err := tx.QueryContext(ctx, `SELECT r.id, r.slot, (SELECT coalesce(max(t.position), -1) + 1 FROM tags t
			WHERE t.slot = r.slot) FROM records r WHERE r.id IN `+list(len(args)), args...)
		if err != nil {
			return nil, sqlError(err)
		}
		defer rows.Close()
		for rows.Next() {
			var p tagPlace
			if err := rows.Scan(&p.id, &p.rowID, &p.next); err != nil {
				return nil, sqlError(err)
			}
			places = append(places, p)
		}
		if err := rows.Err(); err != nil {
			return nil, sqlError(err)
		}
	}
	if len(places) < len(ids) {
		return nil, fmt.Errorf("set tags of %s: %w", missing(ids, places), store.ErrNotFound)
	}
	slices.SortFunc(places, func(a, b tagPlace) int { return cmp.Compare(a.rowID, b.rowID) })
	return places, nil
}

// missing returns the first of the ids that has no place.
func missing(ids []string, places []tagPlace) string {
	have := make(map[string]bool, len(places))
	for _, p := range places {
		have[p.id] = true
	}
	return ids[slices.IndexFunc(ids, func(id string) bool { return !have[id] })]
}

// removeTags removes the tags of a source from the records that have any tags. Their
// places change if those were the last.
func removeTags(ctx context.Context, tx *sql.Tx, source string, places []tagPlace) error {
	remove, err := tx.PrepareContext(ctx, "DELETE FROM tags WHERE slot = ? AND source = ?")
	if err != nil {
		return sqlError(err)
	}
	defer remove.Close()
	next, err := tx.PrepareContext(ctx, "SELECT coalesce(max(position), -1) + 1 FROM tags WHERE slot = ?")
	if err != nil {
		return sqlError(err)
	}
	defer next.Close()
	for i := range places {
		p := &places[i]
		if p.next == 0 {
			continue
		}
		if _, err := remove.ExecContext(ctx, p.rowID, source); err != nil {
			return sqlError(err)
		}
		if err := next.QueryRowContext(ctx, p.rowID).Scan(&p.next); err != nil {
			return sqlError(err)
		}
	}
	return nil
}

// tagRows is how many tags a statement inserts: a tagging run writes millions.
const tagRows = 64

// tagInserter inserts tags, tagRows at a time. It keeps the folded forms of the labels
// it has seen: a tagging run repeats a few labels a million times.
type tagInserter struct {
	tx      *sql.Tx
	stmt    *sql.Stmt // of tagRows rows, made when there are as many
	pending []any     // the values of fewer
	folded  map[string]string
}

const (
	insertTags = "INSERT INTO tags(slot, position, source, label, folded, score, probability) VALUES"
	tagValues  = "(?,?,?,?,?,?,?)"
	tagColumns = 7
)

func newTagInserter(tx *sql.Tx) *tagInserter {
	return &tagInserter{tx: tx, folded: make(map[string]string)}
}

// add inserts the tags of a record from a position on, or sets them aside for flush.
func (t *tagInserter) add(ctx context.Context, rowID int64, position int, tags []store.Tag) error {
	for _, tag := range tags {
		folded, ok := t.folded[tag.Label]
		if !ok {
			folded = label.Fold(tag.Label)
			t.folded[tag.Label] = folded
		}
		t.pending = append(t.pending, rowID, position, tag.Source, tag.Label, folded, float64(tag.Score), float64(tag.Probability))
		position++
		if len(t.pending) < tagRows*tagColumns {
			continue
		}
		if t.stmt == nil {
			var err error
			if t.stmt, err = t.tx.PrepareContext(ctx, insertTags+tagValues+strings.Repeat(","+tagValues, tagRows-1)); err != nil {
				return sqlError(err)
			}
		}
		if _, err := t.stmt.ExecContext(ctx, t.pending...); err != nil {
			return fmt.Errorf("tags: %w", sqlError(err))
		}
		t.pending = t.pending[:0]
	}
	return nil
}

// flush inserts what was set aside.
func (t *tagInserter) flush(ctx context.Context) error {
	n := len(t.pending) / tagColumns
	if n == 0 {
		return nil
	}
	_, err := t.tx.ExecContext(ctx, insertTags+tagValues+strings.Repeat(","+tagValues, n-1), t.pending...)
	if err != nil {
		return fmt.Errorf("tags: %w", sqlError(err))
	}
	t.pending = t.pending[:0]
	return nil
}

// close frees the statement; the transaction would, too, but later.
func (t *tagInserter) close() {
	if t.stmt != nil {
		t.stmt.Close()
	}
}
