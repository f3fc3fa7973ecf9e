package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"time"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// candidate is a file that must be read, together with what the index knows of it.
type candidate struct {
	id    string
	entry walk.Entry
	known *store.Stat // nil if the index has neither a record nor a failure

	// from is the record of the place that the file was moved from, where its vector is of no
	// use. remove is the id of that record if this run is to remove it.
	from   *store.Record
	remove string
	last   bool // it is looked at again: see worker.later
	unread bool // an earlier run could not read it, and it was not asked to be tried again
}

// added reports whether the file has no record yet.
func (c candidate) added() bool { return c.known == nil || c.known.Failed }

// seenSet remembers which record ids a walk came by, in 8 bytes each: of five
// million files two share a key with a chance of one in a million. If one of the two
// vanishes, its record is pruned when the other changes.
type seenSet map[uint64]struct{}

// planChunk is how many files are looked up in the store at once. The first
// chunk is small, so that the model starts working while the walk has just begun.
const (
	firstPlanChunk = 64
	planChunk      = 1024
)

// planner compares the walk with the index.
type planner struct {
	x       *Indexer
	t       *tally
	seen    seenSet
	guard   *guard
	out     chan<- *candidate
	commits *committer
	retry   bool        // what failed before is tried again
	roots   []string    // of the run, none inside another
	states  *fileStates // of the index, where the store can list them
	known   int64       // records under the roots that the walk came by
}

// run sends every candidate that is new or changed to p.out. It stops early, with
// no error, when ctx ends. The stages behind it run under the context work, and finish what
// was sent until then.
func (p *planner) run(ctx, work context.Context, entries iter.Seq2[walk.Entry, error]) error {
	chunk := make([]walk.Entry, 0, planChunk)
	limit := firstPlanChunk
	for e, err := range entries {
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			if err := p.walkProblem(ctx, work, err); err != nil {
				return err
			}
			continue
		}
		if unsettled := p.x.options.Unsettled; unsettled != nil && unsettled(e) {
			p.leave(e)
			continue
		}
		chunk = append(chunk, e)
		if len(chunk) == limit {
			if err := p.flush(ctx, chunk); err != nil {
				return err
			}
			chunk, limit = chunk[:0], planChunk
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return p.flush(ctx, chunk)
}

// leave leaves a file for a later run, as the index has it.
func (p *planner) leave(e walk.Entry) {
	id := store.ID(p.x.options.Collection, e.Path)
	if p.x.options.Shard.holds(id) {
		p.seen[store.FileKey(id)] = struct{}{}
		p.t.left++
	}
}

// knownBefore is walk.Options.Known: of the files that have records.
func (p *planner) knownBefore(path string) (unchanged func(walk.Entry) bool) {
	if p.states == nil {
		return nil
	}
	key := store.PathKey(p.x.options.Collection, path)
	if !p.states.lists(key) {
		return nil
	}
	return func(e walk.Entry) bool { return p.states.same(key, e) }
}

// skip counts what the walk passed over, and remembers what was left out on purpose.
func (p *planner) skip(k walk.Skip) {
	p.t.skipped.add(k)
	p.guard.exclude(k)
	if told := p.x.options.Walk.Skipped; told != nil {
		told(k)
	}
}

// maxBadIgnores bounds how many lines of ignore files a report names.
const maxBadIgnores = 20

// walkProblem records what the walk could not look at, and keeps what lies below
// it from being pruned: not being able to read a folder says nothing about the
// pictures in it.
func (p *planner) walkProblem(ctx, work context.Context, err error) error {
	var w *walk.Error
	if !errors.As(err, &w) {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("walking: %w", err)
	}
	p.guard.shun(w.Path)
	f := store.Failure{
		ID: store.ID(p.x.options.Collection, w.Path), Path: w.Path, Root: w.Root, Reason: reason(w.Err), At: time.Now(),
	}
	count := func() {
		p.t.failed.Add(1)
		p.x.observer.Failed(f.Path, f.Reason)
	}
	if w.RootMissing {
		// A mistyped path is the user's to mend and would only clutter the index.
		p.guard.missing = append(p.guard.missing, w.Path)
		count()
		return nil
	}
	if !p.x.options.Shard.holds(f.ID) {
		return nil // another indexer reports it
	}
	if errors.Is(w.Err, walk.ErrBrokenLink) {
		// What it leads to may be on a disk that is not there, or nothing for ever: no
		// reason to call each run a failure.
		p.x.log.Info("a link leads nowhere", "path", w.Path)
		if p.t.brokenLinks++; p.t.brokenLinks == 1 {
			p.t.brokenLink = w.Path
		}
		return nil
	}
	if walk.BadIgnoreLine(w.Err) {
		// Nothing that indexer could do to a file would mend it.
		if p.t.badIgnores = append(p.t.badIgnores, w.Path+": "+f.Reason); len(p.t.badIgnores) > maxBadIgnores {
			p.t.badIgnores = p.t.badIgnores[:maxBadIgnores]
		}
		return nil
	}
	p.t.seen.Add(1)
	p.x.observer.Seen(1)
	if errors.Is(w.Err, fs.ErrNotExist) { // deleted since its name was read
		p.t.vanished.Add(1)
		return nil
	}
	p.seen[store.FileKey(f.ID)] = struct{}{}
	known, err := p.x.store.Stats(ctx, []string{f.ID})
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("looking up %s in the index: %w", w.Path, err)
	}
	if st, ok := known[f.ID]; ok && !st.Failed {
		count() // to keep the failure would cost the record, which may be right
		return nil
	}
	return p.commits.send(work, change{failure: &f, count: count})
}

func (p *planner) flush(ctx context.Context, chunk []walk.Entry) error {
	if len(chunk) == 0 {
		return nil
	}
	var ids []string
	left := chunk[:0]
	unchanged := 0
	for _, e := range chunk {
		key := store.PathKey(p.x.options.Collection, e.Path)
		if !p.x.options.Shard.holdsKey(key) {
			continue
		}
		same, again := p.states.unchanged(key, e)
		if !same {
			ids, left = append(ids, store.ID(p.x.options.Collection, e.Path)), append(left, e)
			continue
		}
		unchanged++
		if !again && rootAbove(p.roots, e.Path) != "" {
			p.known++
		}
	}
	p.t.unchanged.Add(int64(unchanged))
	p.t.seen.Add(int64(unchanged))
	p.x.observer.Seen(unchanged)
	if chunk = left; len(chunk) == 0 {
		return nil
	}
	looking := begin(&p.t.times.store)
	known, err := p.x.store.Stats(ctx, ids)
	looking.end()
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("looking up %d files in the index: %w", len(ids), err)
	}
	var todo []candidate
	for i, e := range chunk {
		key := store.FileKey(ids[i])
		_, again := p.seen[key]
		p.seen[key] = struct{}{}
		c := candidate{id: ids[i], entry: e}
		if st, ok := known[c.id]; ok {
			c.known = &st
			c.unread = st.Failed && isUnread(st) && !p.retry
			if !st.Failed && !again && rootAbove(p.roots, e.Path) != "" {
				p.known++
			}
			if st.Size == e.Size && st.ModTime.Equal(e.ModTime) && (st.Failed || stampMatches(st.MetadataStamp, e)) {
				if !st.Failed && !p.x.options.Recheck {
					p.t.unchanged.Add(1)
					continue
				}
				if st.Failed && !p.retry {
					p.t.failedBefore.Add(1)
					continue
				}
			}
		}
		todo = append(todo, c)
	}
	p.t.seen.Add(int64(len(chunk)))
	p.x.observer.Seen(len(chunk))
	p.x.observer.Planned(len(todo))
	for i := range todo {
		select {
		case p.out <- &todo[i]:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}
