package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/walk"
)

// ErrNoRoots says that none of the paths of a run exists.
var ErrNoRoots = errors.New("none of the given paths exists")

// CheckRoots returns ErrNoRoots if none of the paths of a run exists. Ask it before an
// index is made for them, so that a mistyped path leaves nothing behind.
func CheckRoots(roots []string) error {
	for _, r := range roots {
		if !missing(r) {
			return nil
		}
	}
	var near []string
	for _, r := range roots {
		near = append(near, nearOnDisk(r)...)
	}
	return fault.Advise(didYouMean(near, adviseNoRoots), "%w: %s", ErrNoRoots, strings.Join(roots, ", "))
}

const adviseNoRoots = "check the spelling, and that the disk is mounted; nothing was taken out of the index"

// Roots lists the roots that the records and the failures of an index were found
// under, each once, in no particular order.
func Roots(ctx context.Context, st store.Scanner) ([]string, error) {
	var roots []string
	seen := make(map[string]bool)
	add := func(root string) {
		if !seen[root] {
			seen[root] = true
			roots = append(roots, root)
		}
	}
	for r, err := range st.Scan(ctx, nil, store.Fields{}) {
		if err != nil {
			return nil, fmt.Errorf("reading the index in use: %w", err)
		}
		add(r.Root)
	}
	for f, err := range st.Failures(ctx) {
		if err != nil {
			return nil, fmt.Errorf("reading the index in use: %w", err)
		}
		add(f.Root)
	}
	return roots, nil
}

// CheckAllRoots returns an error if any of the paths is missing, as where a disk is not
// mounted: the index that a rebuild makes would lack its pictures.
func CheckAllRoots(roots []string) error {
	for _, root := range roots {
		if _, err := os.Stat(root); err != nil {
			return fault.Fatalf(
				fmt.Sprintf("mount the disk, or if its pictures are really gone: indexer prune %s --force-prune", terminal.ShellWord(root)),
				"nothing is switched: %w", err)
		}
	}
	return nil
}

// resolve returns the roots of a run as the index has them: by their own paths, whichever
// links lead to them, so that a collection that is reached in two ways is indexed once.
// A root under which the index has records already, from before roots were resolved,
// stays as it is.
func (x *Indexer) resolve(ctx context.Context, roots []string) ([]string, error) {
	var out []string
	for _, r := range roots {
		if r == "" { // for the walk to complain of
			out = append(out, r)
			continue
		}
		abs, err := absolute(r)
		if err != nil {
			return nil, err
		}
		if real := walk.Resolve(abs); real != abs {
			n, err := x.countUnder(ctx, []string{abs})
			if err != nil {
				return nil, err
			}
			if n == 0 {
				abs = real
			}
		}
		out = append(out, abs)
	}
	return out, nil
}

// outermost returns roots, absolute and clean, without those inside another.
func outermost(roots []string) ([]string, error) {
	var abs []string
	for _, r := range roots {
		a, err := absolute(r)
		if err != nil {
			return nil, err
		}
		abs = append(abs, a)
	}
	slices.Sort(abs)
	var out []string
	for _, a := range abs {
		if !slices.ContainsFunc(out, func(o string) bool { return below(a, o) }) {
			out = append(out, a)
		}
	}
	return out, nil
}

// rootAbove returns the one of roots, of which none lies in another, that a path is or
// lies under, and "" if there is none.
func rootAbove(roots []string, path string) string {
	for _, r := range roots {
		if below(path, r) {
			return r
		}
	}
	return ""
}

// absolute is a path as records have it.
func absolute(p string) (string, error) {
	if path.IsAbs(p) {
		return path.Clean(p), nil
	}
	wd, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("making %s absolute: %w", p, err)
	}
	return path.Join(wd, p), nil
}

// countUnder is the number of records under roots, of which none lies in another.
func (x *Indexer) countUnder(ctx context.Context, roots []string) (int64, error) {
	var all int64
	for _, root := range roots {
		n, err := x.store.Count(ctx, store.Under(root))
		if err != nil {
			return 0, fmt.Errorf("counting the pictures under %s: %w", root, err)
		}
		all += n
	}
	return all, nil
}

// missing reports whether a path certainly is not there. A path that cannot be
// looked at (no permission, a failing disk) may well be.
func missing(p string) bool {
	_, err := os.Stat(p)
	return isMissing(err)
}

// isMissing reports whether an error of looking at a path says that it is not there.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// present reports whether a path certainly is there.
func present(p string) bool {
	_, err := os.Lstat(p)
	return err == nil
}

// withResolved adds to paths what they resolve to: the index may have either.
func withResolved(paths []string) []string {
	out := slices.Clone(paths)
	for _, p := range paths {
		if abs, err := absolute(p); err == nil {
			if real := walk.Resolve(abs); real != abs {
				out = append(out, real)
			}
		}
	}
	return out
}
