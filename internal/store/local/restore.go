package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/store/local/blocks"
)

// RestoreOptions say what to restore.
type RestoreOptions struct {
	From  string // the folder of backups
	State string // the name of a state; "" for the newest
	// Force replaces an index that is there; else that is store.ErrExists.
	Force bool
}

// Restore brings back the index of a collection from a backup. The backup is checked whole,
// and written beside, before anything is replaced. An index that somebody is writing is not
// replaced: store.ErrLocked.
func Restore(ctx context.Context, o Options, r RestoreOptions) (state *blocks.State, err error) {
	if err := store.CheckNewCollection(o.Collection); err != nil {
		return nil, err
	}
	base, err := o.base()
	if err != nil {
		return nil, err
	}
	folder, err := blocks.Open(r.From)
	if err != nil {
		return nil, err
	}
	if state, err = folder.State(r.State); err != nil {
		return nil, err
	}
	if state.About["kind"] != Kind {
		return nil, fmt.Errorf("%w: the state is of a store of kind %q", blocks.ErrDamaged, state.About["kind"])
	}
	if err := os.MkdirAll(filepath.Dir(base), 0o755); err != nil {
		return nil, err
	}
	unlock, err := lockFolder(filepath.Dir(base)) // two that restore would take each other's folders for left ones
	if err != nil {
		return nil, fmt.Errorf("%s: somebody restores an index there: %w", filepath.Dir(base), err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := mendRestore(base); err != nil {
		return nil, err
	}
	there, err := isThere(base)
	if err != nil {
		return nil, err
	}
	if there && !r.Force {
		return nil, fmt.Errorf("%s: %w", base, store.ErrExists)
	}
	if err := checkState(ctx, folder, state); err != nil {
		return nil, err
	}
	stamp := strconv.FormatInt(time.Now().UnixNano(), 36)
	fresh, old := base+restoringInfix+stamp, base+replacedInfix+stamp
	defer func() { err = errors.Join(err, os.RemoveAll(fresh)) }()
	if err := folder.Extract(ctx, state, fresh); err != nil {
		return nil, err
	}
	if err := finishRestored(ctx, fresh, o, state); err != nil {
		return nil, err
	}
	if err := syncFolders(fresh); err != nil {
		return nil, err
	}
	if !there {
		if err := os.Rename(fresh, base); err != nil {
			return nil, err
		}
		return state, osFiles{}.SyncDir(filepath.Dir(base))
	}
	return state, replaceFolder(base, fresh, old)
}

// isThere reports whether a folder holds anything.
func isThere(base string) (bool, error) {
	entries, err := os.ReadDir(base)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil && len(entries) == 0 {
		return false, os.Remove(base)
	}
	return true, err
}

func checkState(ctx context.Context, folder *blocks.Folder, state *blocks.State) error {
	var first string
	bad := 0
	err := folder.Verify(ctx, state, func(problem string) {
		if bad++; bad == 1 {
			first = problem
		}
	})
	if err == nil && bad > 0 {
		err = fmt.Errorf("%w: state %s has %d blocks that cannot be used: %s", blocks.ErrDamaged, state.Name, bad, first)
	}
	return err
}

// finishRestored makes sure that what was written is an index that can be opened, under the
// name that it gets.
func finishRestored(ctx context.Context, dir string, o Options, state *blocks.State) error {
	if space := state.About["id_space"]; space != "" && space != o.Collection {
		if err := keepIDSpace(ctx, dir, space); err != nil {
			return err
		}
	}
	o.Mode, o.ChooseModel, o.Model = store.ReadOnly, nil, store.Model{}
	s, err := openFolder(ctx, dir, o)
	if err != nil {
		return err
	}
	sn, err := s.snapshot(ctx, withVectors)
	if err == nil {
		sn.release()
	}
	return errors.Join(err, s.Close())
}

// replaceFolder puts a new index into the place of an old one that nobody writes.
func replaceFolder(base, fresh, old string) error {
	dirs, err := folders(base)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		lock, err := lockWriter(filepath.Join(dir, lockName))
		if err != nil {
			return err
		}
		defer lock.release()
	}
	// At once, where the system can: an index that is nowhere, if only for a moment, could be
	// taken for one that is to be made.
	switch err := exchange(base, fresh); {
	case err == nil:
		old = fresh
	case !errors.Is(err, errors.ErrUnsupported):
		return err
	default:
		if err := os.Rename(base, old); err != nil {
			return err
		}
		if err := os.Rename(fresh, base); err != nil {
			return errors.Join(err, os.Rename(old, base))
		}
	}
	return errors.Join(osFiles{}.SyncDir(filepath.Dir(base)), os.RemoveAll(old))
}

// syncFolders makes the names in a folder, and in all below it, durable.
func syncFolders(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		return osFiles{}.SyncDir(path)
	})
}

// What lies beside an index while it is restored: what becomes the index, and what was it.
const (
	restoringInfix = ".restoring-"
	replacedInfix  = ".replaced-"
)

// mendRestore finishes what a killed restore left beside the place of an index: the index that
// was moved away comes back, if none is in its place, and the rest is removed. Its caller holds
// the lock of the folder.
func mendRestore(base string) error {
	restoring, replaced, err := leftByRestore(base)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(base); errors.Is(err, fs.ErrNotExist) && len(replaced) > 0 {
		if err := os.Rename(replaced[0], base); err != nil {
			return err
		}
		replaced = replaced[1:]
	}
	var errs []error
	for _, dir := range append(restoring, replaced...) {
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}

// leftByRestore lists the folders that restores have made beside an index.
func leftByRestore(base string) (restoring, replaced []string, err error) {
	entries, err := os.ReadDir(filepath.Dir(base))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	for _, e := range entries {
		path := filepath.Join(filepath.Dir(base), e.Name())
		if !e.IsDir() {
			continue
		}
		if strings.HasPrefix(path, base+restoringInfix) {
			restoring = append(restoring, path)
		}
		if strings.HasPrefix(path, base+replacedInfix) {
			replaced = append(replaced, path)
		}
	}
	return restoring, replaced, err
}

// bringBack puts an index into its place again that a killed restore has moved away. Nothing
// is done while a restore works.
func bringBack(base string) error {
	if _, err := os.Lstat(base); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	_, replaced, err := leftByRestore(base)
	if err != nil || len(replaced) == 0 {
		return err
	}
	unlock, err := lockFolder(filepath.Dir(base))
	if err != nil {
		return err
	}
	return errors.Join(os.Rename(replaced[0], base), unlock())
}
