package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/terminal"
	"github.com/sightline/sightline/internal/transfer"
)

// A rebuild makes the index for another model beside the one in use, over the same
// paths, and switches to it once it is whole. Searches go on against the old index
// meanwhile. A rebuild that was interrupted goes on when the command is repeated.

// rebuildPaths adds to the given paths those that the index in use covers, so that
// the switch makes no picture disappear.
func rebuildPaths(ctx context.Context, p *cmdline.Program, cfg config.Config, given []string) ([]string, error) {
	old, err := p.OpenStore(ctx, cfg, store.ReadOnly, store.Model{})
	if errors.Is(err, store.ErrNoIndex) && len(given) > 0 {
		return given, allThere(given)
	} else if err != nil {
		return nil, err
	}
	defer old.Close()
	roots := make(map[string]bool)
	paths := slices.Clone(given)
	add := func(root string) {
		if !roots[root] {
			roots[root] = true
			paths = append(paths, root)
		}
	}
	for r, err := range old.Scan(ctx, nil, store.Fields{}) {
		if err != nil {
			return nil, fmt.Errorf("reading the index in use: %w", err)
		}
		add(r.Root)
	}
	for f, err := range old.Failures(ctx) {
		if err != nil {
			return nil, fmt.Errorf("reading the index in use: %w", err)
		}
		add(f.Root)
	}
	return paths, allThere(paths)
}

// allThere returns an error if one of the paths is missing, as where a disk is not
// mounted: its pictures would be missing from the new index.
func allThere(paths []string) error {
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return &fault.Error{
				Err:    fmt.Errorf("nothing is switched: %w", err),
				Advice: fmt.Sprintf("mount the disk, or if its pictures are really gone: indexer prune %s --force-prune", terminal.ShellWord(path)),
				Kind:   fault.Fatal,
			}
		}
	}
	return nil
}

// switchOver makes the new index the one in use, with the tags that people gave to
// pictures in the old one. It reports whether it did: after Ctrl-C the new index
// is not whole.
func switchOver(ctx context.Context, p *cmdline.Program, cfg config.Config, next store.Store, paths []string) (bool, error) {
	promoter, ok := store.As[store.Promoter](next)
	if !ok {
		return false, fault.Usagef("build another index with --db DIR or --collection NAME", "this kind of store cannot build an index beside the one in use")
	}
	if ctx.Err() != nil {
		return false, nil
	}
	if err := allThere(paths); err != nil {
		return false, err
	}
	old, err := p.OpenStore(ctx, cfg, store.ReadOnly, store.Model{})
	if err == nil {
		err = errors.Join(transfer.UserTags(ctx, old, next), old.Close())
	}
	// There is none in use where the first index of all was built.
	if err != nil && !errors.Is(err, store.ErrNoIndex) {
		return false, err
	}
	if err := next.Flush(ctx); err != nil {
		return false, err
	}
	return true, promoter.Promote(ctx)
}

// printSwitch says which index searches use now.
func printSwitch(c *cli.Context, p *cmdline.Program, switched bool) {
	switch {
	case c.Bool("json"):
	case switched:
		p.Printf("searches use this index from now on; indexer prune --old-models removes earlier ones\n")
	default:
		p.Notef("warning: the new index is not whole, and searches go on with the old one; run the same command to go on")
	}
}
