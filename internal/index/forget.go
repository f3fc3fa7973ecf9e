package index

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sightline/sightline/internal/store"
)

// ErrNothingThere says that an index has nothing at a path.
var ErrNothingThere = errors.New("the index has no picture and no failure at or below")

// Below is what an index has at or below some paths.
type Below struct {
	Records  []string // ids
	Failures []string // ids
}

// FindBelow lists what an index has at or below paths, whether or not their files are
// there. A path below which there is nothing gives ErrNothingThere: it is a mistyped one.
func FindBelow(ctx context.Context, st store.Store, paths []string) (Below, error) {
	var found Below
	failures, err := failurePaths(ctx, st)
	if err != nil {
		return found, err
	}
	for _, p := range paths {
		roots, err := outermost(withResolved([]string{p}))
		if err != nil {
			return found, err
		}
		n := len(found.Records) + len(found.Failures)
		for _, root := range roots {
			for r, err := range st.Scan(ctx, store.Under(root), store.Fields{AnyOrder: true}) {
				if err != nil {
					return found, fmt.Errorf("reading the pictures below %s: %w", root, err)
				}
				found.Records = append(found.Records, r.ID)
			}
			for _, f := range failures {
				if below(f.Path, root) {
					found.Failures = append(found.Failures, f.ID)
				}
			}
		}
		if len(found.Records)+len(found.Failures) == n {
			return found, nothingThere(ctx, st, p)
		}
	}
	found.Records, found.Failures = unique(found.Records), unique(found.Failures)
	return found, nil
}

func failurePaths(ctx context.Context, st store.Scanner) ([]store.Failure, error) {
	var all []store.Failure
	for f, err := range st.Failures(ctx) {
		if err != nil {
			return nil, fmt.Errorf("reading the failures: %w", err)
		}
		all = append(all, f)
	}
	return all, nil
}

// unique sorts ids and takes out those that come again: of nested paths both have them.
func unique(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Forget removes records and failures from an index, and nothing from the disk.
func Forget(ctx context.Context, st store.Store, b Below) error {
	for chunk := range slices.Chunk(slices.Concat(b.Records, b.Failures), pruneChunk) {
		if err := st.Delete(ctx, chunk); err != nil {
			return fmt.Errorf("forgetting %d pictures and failures: %w", len(chunk), err)
		}
	}
	return st.Flush(ctx)
}
