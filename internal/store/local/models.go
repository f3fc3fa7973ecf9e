package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/store"
)

// A collection whose model was changed has more than one index: the first lies in
// the collection's folder itself, each later one in a folder of models below it, and
// the file current names the folder of the one in use. Renaming a new current over
// the old one is the switch. Who has the old index open goes on with it.
const (
	modelsName  = "models"
	currentName = "current"
)

// base is the collection's folder.
func (o Options) base() (string, error) { return filepath.Abs(filepath.Join(o.Dir, o.Collection)) }

// currentFolder returns the folder of the index in use.
func currentFolder(base string) (string, error) {
	text, err := readRegular(filepath.Join(base, currentName), 4096)
	if errors.Is(err, os.ErrNotExist) {
		return base, nil
	} else if err != nil {
		return "", err
	}
	name := strings.TrimSpace(string(text))
	switch {
	case name == ".":
		return base, nil
	case name == "" || name != filepath.Base(name) || name == "..":
		return "", fmt.Errorf("%w: %s names %q", store.ErrDamaged, filepath.Join(base, currentName), name)
	}
	return filepath.Join(base, modelsName, name), nil
}

// folders lists every folder of a collection that holds an index.
func folders(base string) ([]string, error) {
	dirs := []string{base}
	below, err := os.ReadDir(filepath.Join(base, modelsName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for _, e := range below {
		dirs = append(dirs, filepath.Join(base, modelsName, e.Name()))
	}
	var out []string
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, catalogueName)); err == nil {
			out = append(out, dir)
		} else if !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return out, nil
}

// rebuildFolder returns the folder for the index of o.Model: the one that has it
// already, else a new one beside the index in use.
func rebuildFolder(ctx context.Context, base string, o Options) (string, error) {
	dirs, err := folders(base)
	if err != nil {
		return "", err
	}
	if len(dirs) == 0 {
		return base, nil
	}
	for _, dir := range dirs {
		d, err := describe(ctx, dir, o)
		if err != nil {
			return "", err
		}
		if d.Model.Fingerprint == o.Model.Fingerprint {
			return dir, nil
		}
	}
	sum := sha256.Sum256([]byte(o.Model.Fingerprint))
	return filepath.Join(base, modelsName, hex.EncodeToString(sum[:8])), nil
}

// describe opens the index in a folder for a moment.
func describe(ctx context.Context, dir string, o Options) (store.Description, error) {
	s, err := openFolder(ctx, dir, Options{Collection: o.Collection, Mode: store.ReadOnly, Log: o.Log})
	if err != nil {
		return store.Description{}, err
	}
	defer s.Close()
	return s.Describe(ctx)
}

// Promote implements store.Promoter.
func (s *Store) Promote(ctx context.Context) error {
	if err := s.isOpen(); err != nil {
		return err
	}
	if s.write == nil {
		return store.ErrReadOnly
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	current, err := currentFolder(s.base)
	if err != nil || current == s.dir {
		return err
	}
	name := "."
	if s.dir != s.base {
		name = filepath.Base(s.dir)
	}
	if err := atomicfile.WriteBytes(filepath.Join(s.base, currentName), []byte(name+"\n")); err != nil {
		return fmt.Errorf("switch %s to the new index: %w", s.base, err)
	}
	return nil
}

// ModelIndexes implements store.ModelIndexKeeper. The name of one is its folder, relative to
// the collection's.
func (s *Store) ModelIndexes(ctx context.Context) ([]store.ModelIndex, error) {
	if err := s.isOpen(); err != nil {
		return nil, err
	}
	current, err := currentFolder(s.base)
	if err != nil {
		return nil, err
	}
	dirs, err := folders(s.base)
	if err != nil {
		return nil, err
	}
	var out []store.ModelIndex
	for _, dir := range dirs {
		d, err := describe(ctx, dir, Options{Collection: s.collection, Log: s.log})
		if err != nil {
			return nil, err
		}
		name, err := filepath.Rel(s.base, dir)
		if err != nil {
			return nil, err
		}
		g := store.ModelIndex{Name: filepath.ToSlash(name), Model: d.Model, Records: d.Records, Updated: d.Updated, Current: dir == current}
		if g.Current {
			out = append([]store.ModelIndex{g}, out...)
		} else {
			out = append(out, g)
		}
	}
	return out, nil
}

// DropModelIndex implements store.ModelIndexKeeper. An index that is open here, or that somebody else is
// writing, is refused as well, the latter with store.ErrLocked.
func (s *Store) DropModelIndex(ctx context.Context, name string) error {
	if s.write == nil {
		return store.ErrReadOnly
	}
	generations, err := s.ModelIndexes(ctx)
	if err != nil {
		return err
	}
	for _, g := range generations {
		dir := filepath.Join(s.base, filepath.FromSlash(name))
		switch {
		case g.Name != name:
			continue
		case g.Current || dir == s.dir:
			return fmt.Errorf("the index in %s is in use", dir)
		}
		if err := dropFolder(dir); err != nil {
			return fmt.Errorf("remove the index in %s: %w", dir, err)
		}
		return nil
	}
	return fmt.Errorf("%w: index %s of collection %s", store.ErrNotFound, name, s.collection)
}

// dropFolder removes an index but not what else lies in its folder. The catalogue
// goes first: without it there is no index, whatever else a crash leaves.
func dropFolder(dir string) error {
	lock, err := lockWriter(filepath.Join(dir, lockName))
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return errors.Join(err, lock.release())
	}
	doomed := []string{catalogueName, catalogueName + "-wal", catalogueName + "-shm", metaCopyName}
	for _, k := range cacheFiles {
		doomed = append(doomed, k.name)
	}
	for _, e := range entries {
		_, vectors := vectorGeneration(e.Name())
		_, codes := codeGeneration(e.Name())
		if vectors || codes || strings.HasPrefix(e.Name(), catalogueName+damagedInfix) {
			doomed = append(doomed, e.Name())
		}
	}
	var errs []error
	for _, name := range doomed {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	errs = append(errs, lock.release())
	if filepath.Base(filepath.Dir(dir)) == modelsName {
		// What this cannot remove is no index any more, and a new one may use it.
		_ = os.Remove(filepath.Join(dir, lockName))
		_ = os.Remove(dir)
	}
	return errors.Join(errs...)
}
