package index

import (
	"context"
	"errors"
	"io/fs"
	"iter"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// ErrNotBelow says that a path of a list lies below none of the paths of the run.
var ErrNotBelow = errors.New("it is listed, and lies below none of the paths of the run")

// listedChunk is how many paths of a list are walked at a time.
const listedChunk = 256

// RunListed is Run for those files and folders below roots that a list names. A shard is a
// part of the list: it walks what the listed paths of its part hold, all of it, and nothing
// else. Since a list need not be whole, nothing is pruned and no failure is forgotten. A
// listed path that is not there counts as vanished.
func (x *Indexer) RunListed(ctx context.Context, roots []string, list iter.Seq2[string, error]) (Report, error) {
	t := x.tally()
	if err := CheckRoots(roots); err != nil {
		return t.report(), err
	}
	roots, err := x.resolve(ctx, roots)
	if err != nil {
		return t.report(), err
	}
	outer, err := outermost(roots)
	if err != nil {
		return t.report(), err
	}
	whole := *x // of what it walks, everything is its own
	whole.options.Shard = Shard{}
	p := &planner{x: &whole, t: t, guard: newGuard(), seen: make(seenSet), roots: outer}
	o := x.options.Walk
	o.Skipped = p.skip
	var broken error
	listed := func(ctx context.Context) iter.Seq2[walk.Entry, error] {
		return func(yield func(walk.Entry, error) bool) {
			var chunk []string
			flush := func() bool {
				for e, err := range walk.Walk(ctx, chunk, o) {
					e.Root = rootAbove(outer, e.Path)
					var w *walk.Error
					if errors.As(err, &w) {
						w.Root = e.Root
						w.RootMissing = w.RootMissing && !errors.Is(w.Err, fs.ErrNotExist)
					}
					if !yield(e, err) {
						return false
					}
				}
				chunk = chunk[:0]
				return ctx.Err() == nil
			}
			for path, err := range list {
				if err != nil {
					broken = err
					return
				}
				abs, err := x.ofShard(path)
				switch {
				case err != nil:
					broken = err
					return
				case abs == "":
					continue
				case rootAbove(outer, abs) == "":
					// It is reported, and not kept: the list is the user's to mend.
					if !yield(walk.Entry{Path: abs}, &walk.Error{Path: abs, Err: ErrNotBelow, RootMissing: true}) {
						return
					}
					continue
				}
				if chunk = append(chunk, abs); len(chunk) == listedChunk && !flush() {
					return
				}
			}
			flush()
		}
	}
	err = whole.pipeline(ctx, t, p, listed)
	r := t.report()
	if err == nil && ctx.Err() != nil {
		r.Interrupted = true
		return r, context.Cause(ctx)
	}
	return r, errors.Join(err, broken)
}

// ofShard is a listed path as records have it, or "" where it belongs to another shard.
func (x *Indexer) ofShard(path string) (string, error) {
	abs, err := absolute(path)
	if err != nil {
		return "", err
	}
	if !x.options.Shard.holds(store.ID(x.options.Collection, abs)) {
		return "", nil
	}
	return abs, nil
}
