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
		insert, err := newTagInserter(ctx, tx)
		if err != nil {
			return err
		}
		defer insert.Close()
		for _, id := range slices.Sorted(maps.Keys(sourced)) {
			if err := setTags(ctx, tx, insert, source, id, sourced[id]); err != nil {
				return err
			}
		}
		return nil
	})
}

// setTags replaces the tags of one record that come from source; the new ones go
// behind those of other sources.
func setTags(ctx context.Context, tx *sql.Tx, insert *tagInserter, source, id string, tags []store.Tag) error {
	var slot int64
	err := tx.QueryRowContext(ctx, "SELECT slot FROM records WHERE id = ?", id).Scan(&slot)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("set tags of %s: %w", id, store.ErrNotFound)
	}
	if err != nil {
		return sqlError(err)
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM tags WHERE slot = ? AND source = ?", slot, source); err != nil {
		return sqlError(err)
	}
	var next int
	err = tx.QueryRowContext(ctx, "SELECT coalesce(max(position), -1) + 1 FROM tags WHERE slot = ?", slot).Scan(&next)
	if err != nil {
		return sqlError(err)
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
