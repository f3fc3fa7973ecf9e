package index

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/sightline/sightline/internal/clip"
	"github.com/sightline/sightline/internal/walk"
)

// source yields what a run looks at. It ends when its context does.
type source func(ctx context.Context) iter.Seq2[walk.Entry, error]

// Run brings the index up to date with everything below roots: new and changed
// pictures are embedded, moved ones recognised by their content, vanished ones
// pruned unless the guard refuses.
//
// When ctx ends, no further file is begun; those in hand are finished and made
// durable, nothing is pruned, and the report so far is returned with ctx's error.
func (x *Indexer) Run(ctx context.Context, roots []string) (Report, error) {
	t := x.tally()
	roots, err := x.resolve(ctx, roots)
	if err != nil {
		return t.report(), err
	}
	outer, err := outermost(roots)
	if err != nil {
		return t.report(), err
	}
	before, err := x.countUnder(ctx, outer)
	if err != nil && ctx.Err() == nil {
		return t.report(), err
	}
	p := &planner{x: x, t: t, guard: newGuard(), seen: make(seenSet), roots: outer}
	if !x.options.Recheck {
		if p.states, err = x.readFileStates(ctx, before); err != nil && ctx.Err() == nil {
			return t.report(), err
		}
	}
	var known *others
	if !x.options.Recheck {
		if known, err = openOthers(ctx, x.store, outer); err != nil && ctx.Err() == nil {
			return t.report(), err
		}
	}
	disks, err := openMounts(ctx, x.store)
	if err != nil && ctx.Err() == nil {
		return t.report(), err
	}
	everything := func(ctx context.Context) iter.Seq2[walk.Entry, error] {
		o := x.options.Walk
		o.Skipped = p.skip
		o.Mount = func(path string) { disks.met[path] = true }
		if known != nil {
			o.Others = known
		}
		if !x.options.SkipRAW {
			o.Known = p.knownBefore
		}
		return walk.Walk(ctx, roots, o)
	}
	if err := x.pipeline(ctx, t, p, everything); err != nil {
		return t.report(), err
	}
	if ctx.Err() != nil {
		r := t.report()
		r.Interrupted = true
		return r, context.Cause(ctx)
	}
	p.guard.away = disks.away(outer)
	refusals, err := x.reconcile(ctx, p, before)
	if err == nil {
		err = disks.keep(ctx, x.forgettable(p, refusals))
	}
	if err == nil && known != nil {
		err = known.keep(ctx, x.store)
	}
	if err == nil && x.options.Strict {
		err = x.failDamaged(ctx, t, outer)
	}
	r := t.report()
	r.Refusals = refusals
	if err == nil && len(p.guard.missing) > 0 {
		err = CheckRoots(roots)
	}
	return r, err
}

// Retry tries again what failed in earlier runs, whether it changed or not.
// Failures whose file is gone are forgotten.
func (x *Indexer) Retry(ctx context.Context) (Report, error) {
	t := x.tally()
	rootOf := make(map[string]string) // a failure's path is walked as a root, but is not one
	var paths, forget []string
	for f, err := range x.store.Failures(ctx) {
		if err != nil {
			return t.report(), fmt.Errorf("reading the failures: %w", err)
		}
		if missing(f.Path) {
			forget = append(forget, f.ID)
			continue
		}
		paths = append(paths, f.Path)
		rootOf[f.Path] = f.Root
	}
	if err := x.store.Delete(ctx, forget); err != nil {
		return t.report(), fmt.Errorf("forgetting failures whose file is gone: %w", err)
	}
	failures := func(ctx context.Context) iter.Seq2[walk.Entry, error] {
		return func(yield func(walk.Entry, error) bool) {
			for e, err := range walk.Walk(ctx, paths, x.options.Walk) {
				if root := rootOf[e.Root]; root != "" {
					e.Root = root
				}
				if !yield(e, err) {
					return
				}
			}
		}
	}
	err := x.pipeline(ctx, t, &planner{x: x, t: t, guard: newGuard(), seen: make(seenSet), retry: true}, failures)
	r := t.report()
	if err == nil && ctx.Err() != nil {
		r.Interrupted = true
		err = context.Cause(ctx)
	}
	return r, err
}

// spareBatches is how many batches there are besides those in the model: one that is
// filled, one that waits, and more so that the other cores have work while one of them
// loads the model.
const spareBatches = 6

// planAhead is how many files the plan may be ahead of the decoders, about 7 MB of
// them: far enough that the totals, and so the time left, are known early in the
// run of any household.
const planAhead = 1 << 16

// pipeline runs the stages until the source ends, ctx ends, or a stage fails.
//
// ctx only stops the planner. The stages behind it run under a context of their
// own until they are empty, so that what was begun is finished; that context ends
// early only when one of them fails.
func (x *Indexer) pipeline(ctx context.Context, t *tally, p *planner, from source) error {
	group, work := errgroup.WithContext(context.WithoutCancel(ctx))
	planning, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(work, stop)() // a stage that fails stops the walk as well

	pre := x.embedder.Spec().Preprocess
	loads := newLoader(x.options.EmbedWorkers, spareBatches, x.options.BatchSize, pre)
	commits := &committer{x: x, t: t, in: make(chan []change, 16)}
	candidates := make(chan candidate, planAhead)
	var planned, decoded, embedded sync.WaitGroup

	start := func(stage *sync.WaitGroup, run func() error) {
		stage.Add(1)
		group.Go(func() error {
			defer stage.Done()
			return run()
		})
	}

	p.out, p.commits = candidates, commits
	start(&planned, func() error {
		defer close(candidates)
		err := p.run(planning, work, from(planning))
		x.observer.WalkDone()
		return err
	})
	memory := newMemory(x.options.DecodedBytes)
	found := newFamilies(x.store)
	var once sync.WaitGroup // the workers that have candidates to look at for the first time
	once.Add(x.options.Workers)
	for range x.options.Workers {
		w := &worker{x: x, t: t, loader: loads, commits: commits, memory: memory, families: found, prepare: clip.NewPreparer(pre)}
		each := func(c candidate) error {
			if ctx.Err() != nil {
				return nil // planned but not begun: the next run will find it again
			}
			return w.handle(work, c)
		}
		start(&decoded, func() error {
			err := func() error {
				defer once.Done()
				for c := range candidates {
					if err := each(c); err != nil {
						return err
					}
				}
				return nil
			}()
			if err != nil {
				return err
			}
			once.Wait()
			for _, c := range w.later {
				if err := each(c); err != nil {
					return err
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		decoded.Wait()
		loads.finish()
		return nil
	})
	for range x.options.EmbedWorkers {
		start(&embedded, func() error { return x.embed(work, t, loads, commits) })
	}
	group.Go(func() error { return commits.run(work) })
	group.Go(func() error {
		planned.Wait()
		decoded.Wait()
		embedded.Wait()
		close(commits.in)
		return nil
	})
	return group.Wait()
}

// embed runs complete batches through the model until there are no more.
func (x *Indexer) embed(ctx context.Context, t *tally, loads *loader, commits *committer) error {
	for l := range loads.ready {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if l.err != nil {
			return l.err
		}
		work := begin(&t.times.embed)
		vectors, err := x.embedder.EncodeImages(ctx, l.batch)
		work.end()
		if errors.Is(err, clip.ErrUnreadable) {
			return err // no picture has to do with it
		} else if err != nil {
			return fmt.Errorf("embedding %d pictures, the first %s: %w", l.batch.Len(), l.pictures[0].record.Path, err)
		}
		changes := make([]change, l.batch.Len())
		for i := range changes {
			p := l.pictures[i]
			p.record.Vector = vectors.Row(i)
			changes[i] = change{record: &p.record, remove: p.remove, count: func() {
				t.embedded.Add(1)
				t.countNew(p)
			}}
		}
		if !l.part {
			loads.free <- l // never blocks: there is room for every batch
		}
		if err := commits.send(ctx, changes...); err != nil {
			return err
		}
	}
	return nil
}
