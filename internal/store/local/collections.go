package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/sightline/sightline/internal/store"
)

// Collections are the collections in a folder. It implements store.CollectionKeeper.
type Collections struct {
	dir string
	log *slog.Logger
}

var _ store.CollectionKeeper = (*Collections)(nil)

// OpenCollections returns the collections in the folder of Options.Dir. It need not exist.
func OpenCollections(dir string, log *slog.Logger) *Collections {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Collections{dir: dir, log: log}
}

// Collections implements store.CollectionKeeper. An index that cannot be opened is listed
// by its name alone.
func (c *Collections) Collections(ctx context.Context) ([]store.Collection, error) {
	names, err := c.Names()
	if err != nil {
		return nil, err
	}
	var out []store.Collection
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out = append(out, c.describe(ctx, name))
	}
	return out, nil
}

// Names lists the names of the collections, and opens none of them.
func (c *Collections) Names() ([]string, error) {
	entries, err := os.ReadDir(c.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		name := e.Name()
		if !e.IsDir() || store.CheckOpen(name, store.ReadOnly, store.Model{}) != nil {
			continue
		}
		if found, err := folders(filepath.Join(c.dir, name)); err != nil || len(found) == 0 {
			continue
		}
		out = append(out, name)
	}
	return out, nil
}

func (c *Collections) describe(ctx context.Context, name string) store.Collection {
	out := store.Collection{Name: name}
	s, err := Open(ctx, Options{Dir: c.dir, Collection: name, Mode: store.ReadOnly, Log: c.log})
	if err != nil {
		c.log.Warn("a collection cannot be opened", "collection", name, "error", err)
		return out
	}
	defer s.Close()
	d, err := s.Describe(ctx)
	if err != nil {
		c.log.Warn("a collection cannot be read", "collection", name, "error", err)
		return out
	}
	out.Model, out.Records, out.Updated = d.Model, d.Records, d.Updated
	return out
}

// find returns the folder of a collection and those of its indexes.
func (c *Collections) find(name string) (base string, indexes []string, err error) {
	if err := store.CheckOpen(name, store.ReadOnly, store.Model{}); err != nil {
		return "", nil, err
	}
	base = filepath.Join(c.dir, name)
	if indexes, err = folders(base); err != nil {
		return "", nil, err
	}
	if len(indexes) == 0 {
		return "", nil, fmt.Errorf("collection %s: %w", base, store.ErrNoIndex)
	}
	return base, indexes, nil
}

// DropCollection implements store.CollectionKeeper. What we did not put into its folder is
// left there.
func (c *Collections) DropCollection(ctx context.Context, name string) error {
	base, indexes, err := c.find(name)
	if err != nil {
		return err
	}
	slices.Reverse(indexes) // the folder itself, which holds the others, comes last
	for _, dir := range indexes {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := dropFolder(dir); err != nil {
			return fmt.Errorf("remove the index in %s: %w", dir, err)
		}
	}
	var errs []error
	for _, ours := range []string{currentName, modelsName, "runs", documentsName, lockName} {
		errs = append(errs, os.RemoveAll(filepath.Join(base, ours)))
	}
	_ = os.Remove(base) // stays where somebody has put something into it
	return errors.Join(errs...)
}

// RenameCollection implements store.CollectionKeeper. Who has an index open for reading
// goes on with it; one that is being written gives store.ErrLocked.
func (c *Collections) RenameCollection(ctx context.Context, from, to string) (err error) {
	if err := store.CheckNewCollection(to); err != nil {
		return err
	}
	base, indexes, err := c.find(from)
	if err != nil {
		return err
	}
	target := filepath.Join(c.dir, to)
	if _, err := os.Lstat(target); err == nil {
		return fmt.Errorf("%s: %w", target, store.ErrExists)
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, dir := range indexes {
		if err := keepIDSpace(ctx, dir, from); err != nil {
			return err
		}
	}
	// A writer that comes between keeps its open files: the folder takes them along.
	if err := os.Rename(base, target); err != nil {
		return err
	}
	return osFiles{}.SyncDir(c.dir)
}

// keepIDSpace notes in an index what its ids are made with, unless that is noted.
func keepIDSpace(ctx context.Context, dir, collection string) (err error) {
	lock, err := lockWriter(filepath.Join(dir, lockName))
	if err != nil {
		return fmt.Errorf("collection %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	db, err := openCatalogue(filepath.Join(dir, catalogueName), store.ReadWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "INSERT OR IGNORE INTO meta VALUES(?,?)", idSpaceKey, collection); err != nil {
		return sqlError(err)
	}
	return nil
}

// Close implements store.CollectionKeeper.
func (c *Collections) Close() error { return nil }
