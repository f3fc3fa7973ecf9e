package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

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
		insert, err := newTagSetter(ctx, tx)
		if err != nil {
			return err
		}
		defer insert.close()
		for _, id := range slices.Sorted(maps.Keys(sourced)) {
			if err := setTags(ctx, insert, source, id, sourced[id]); err != nil {
				return err
			}
		}
		return nil
	})
}

// setTags replaces the tags of one record that come from source; the new ones go
// behind those of other sources.
func setTags(ctx context.Context, insert *tagSetter, source, id string, tags []store.Tag) error {
	var slot int64
	var next int
	err := insert.find.QueryRowContext(ctx, id).Scan(&slot, &next)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("set tags of %s: %w", id, store.ErrNotFound)
	}
	if err != nil {
		return sqlError(err)
	}
	if next > 0 {
		if _, err := insert.remove.ExecContext(ctx, slot, source); err != nil {
			return sqlError(err)
		}
		if err := insert.find.QueryRowContext(ctx, id).Scan(&slot, &next); err != nil {
			return sqlError(err)
		}
	}
	return insert.insert(ctx, slot, next, tags)
}

// tagInserter is the prepared statement for tags, and the folded forms of the labels
// it has seen: a tagging run repeats a few labels a million times.
type tagInserter struct {
	*sql.Stmt
	folded map[string]string
}

func newTagInserter(ctx context.Context, tx *sql.Tx) (*tagInserter, error) {
	stmt, err := tx.PrepareContext(ctx, `INSERT INTO tags(slot, position, source, label, folded, score, probability)
		VALUES(?,?,?,?,?,?,?)`)
	if err != nil {
		return nil, sqlError(err)
	}
	return &tagInserter{Stmt: stmt, folded: make(map[string]string)}, nil
}

// tagSetter is a tagInserter with what replacing a record's tags needs besides.
type tagSetter struct {
	*tagInserter
	find   *sql.Stmt // the slot of a record, and the position behind its tags
	remove *sql.Stmt
}

func newTagSetter(ctx context.Context, tx *sql.Tx) (_ *tagSetter, err error) {
	s := &tagSetter{}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.tagInserter, err = newTagInserter(ctx, tx); err != nil {
		return nil, err
	}
	s.find, err = tx.PrepareContext(ctx, `SELECT r.slot, (SELECT coalesce(max(t.position), -1) + 1 FROM tags t WHERE t.slot = r.slot)
		FROM records r WHERE r.id = ?`)
	if err != nil {
		return nil, sqlError(err)
	}
	s.remove, err = tx.PrepareContext(ctx, "DELETE FROM tags WHERE slot = ? AND source = ?")
	return s, sqlError(err)
}

// close frees the statements; the transaction would, too, but later.
func (s *tagSetter) close() {
	if s.tagInserter != nil {
		s.Close()
	}
	for _, stmt := range []*sql.Stmt{s.find, s.remove} {
		if stmt != nil {
			stmt.Close()
		}
	}
}

func (t *tagInserter) insert(ctx context.Context, slot int64, position int, tags []store.Tag) error {
	for _, tag := range tags {
		folded, ok := t.folded[tag.Label]
		if !ok {
			folded = store.FoldLabel(tag.Label)
			t.folded[tag.Label] = folded
		}
		_, err := t.ExecContext(ctx, slot, position, tag.Source, tag.Label, folded,
			float64(tag.Score), float64(tag.Probability))
		if err != nil {
			return fmt.Errorf("tag %q: %w", tag.Label, sqlError(err))
		}
		position++
	}
	return nil
}
