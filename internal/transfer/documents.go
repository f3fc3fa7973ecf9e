package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sightline/sightline/internal/store"
)

// MirrorDocuments makes the documents of an index those of another: what differs is
// written, what the other has not is removed. Where one of the two keeps no documents it
// does nothing.
func MirrorDocuments(ctx context.Context, from, to store.Store) error {
	if _, err := copyDocuments(ctx, from, to); err != nil {
		return err
	}
	source, ok := store.As[store.Documents](from)
	target, both := store.As[store.Documents](to)
	if !ok || !both {
		return nil
	}
	want, err := source.DocumentNames(ctx, "")
	if err != nil {
		return err
	}
	have, err := target.DocumentNames(ctx, "")
	if err != nil {
		return err
	}
	for _, name := range have {
		if _, there := slices.BinarySearch(want, name); there {
			continue
		}
		if err := target.DeleteDocument(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// copyDocuments writes the documents that the target lacks or has with other data, and
// returns how many the source has.
func copyDocuments(ctx context.Context, from, to store.Store) (int64, error) {
	source, ok := store.As[store.Documents](from)
	target, both := store.As[store.Documents](to)
	if !ok || !both {
		return 0, nil
	}
	names, err := source.DocumentNames(ctx, "")
	if err != nil {
		return 0, fmt.Errorf("reading the source: %w", err)
	}
	var n int64
	for _, name := range names {
		data, err := source.Document(ctx, name)
		if errors.Is(err, store.ErrNotFound) {
			continue // removed meanwhile
		} else if err != nil {
			return n, fmt.Errorf("reading the source: %w", err)
		}
		n++
		old, err := target.Document(ctx, name)
		switch {
		case err == nil && bytes.Equal(old, data):
			continue
		case err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrDamaged):
			return n, fmt.Errorf("reading the target: %w", err)
		}
		if err := target.PutDocument(ctx, name, data); err != nil {
			return n, fmt.Errorf("writing to the target: %w", err)
		}
	}
	return n, nil
}
