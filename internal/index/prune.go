package index

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/sightline/sightline/internal/store"
)

// reconcile removes what a finished walk did not come by any more: records of vanished
// files, unless refused, and failures that no longer are. before is the number of
// records under the roots: where the walk came by that many, none has vanished.
func (x *Indexer) reconcile(ctx context.Context, p *planner, before int64) ([]Refusal, error) {
	vanished := func(id, path string) bool {
		_, ok := p.seen[store.FileKey(id)]
		return !ok && !p.states.has(store.FileKey(id)) && x.options.Shard.holds(id) && !p.guard.covers(path)
	}
	failureGone := func(id, path string) bool {
		return vanished(id, path) && (x.options.Pruning == Forced || !p.guard.away.covers(path))
	}
	var refusals []Refusal
	if x.options.Pruning != Never && p.known != before && p.t.left == 0 {
		pruned, refused, err := x.pruneVanished(ctx, p, vanished)
		p.t.pruned.Add(pruned.Records)
		p.t.inherited = pruned.Inherited
		if err != nil {
			return refused, err
		}
		refusals = refused
	}
	return refusals, x.forgetFailures(ctx, p.roots, failureGone)
}

// forgettable are the disks that are away for good: those whose pictures were removed because
// the caller insists, and those of which a run over everything missed no picture.
func (x *Indexer) forgettable(p *planner, refusals []Refusal) pathSet {
	if x.options.Pruning == Never || p.t.left > 0 || x.options.Shard != (Shard{}) {
		return nil
	}
	forgotten := maps.Clone(p.guard.away)
	for _, r := range refusals {
		delete(forgotten, r.Root)
	}
	for path := range forgotten {
		if p.guard.covers(path) || p.guard.excluded.covers(path) {
			delete(forgotten, path) // nobody has looked
		}
	}
	return forgotten
}

// pruneVanished prunes under the roots of a run. A root that is missing is only counted.
func (x *Indexer) pruneVanished(ctx context.Context, p *planner, vanished func(id, path string) bool) (Pruned, []Refusal, error) {
	found := make(map[string]*tallied)
	var there []string
	for _, root := range p.roots {
		if !slices.Contains(p.guard.missing, root) || x.options.Pruning == Forced {
			there = append(there, root)
			continue
		}
		n, err := x.countUnder(ctx, []string{root})
		if err != nil {
			return Pruned{}, nil, err
		}
		found[root] = &tallied{records: n, missing: true}
	}
	if len(there) == 0 {
		return removeVanished(ctx, x.store, p.roots, found, x.options.Pruning, x.options.Shard.holds)
	}
	away := make(map[string]int64)
	err := scanVanished(ctx, x.store, there, found, func(r store.Record) (string, verdict) {
		switch disk := p.guard.away.above(r.Path); {
		case !x.options.Shard.holds(r.ID):
			return "", foreign
		case disk != "" && x.options.Pruning != Forced && vanished(r.ID, r.Path) && !p.guard.excludes(r.Path):
			away[disk]++
			return "", foreign
		case vanished(r.ID, r.Path) && p.guard.excludes(r.Path):
			return rootAbove(there, r.Path), excluded
		case vanished(r.ID, r.Path):
			return rootAbove(there, r.Path), gone
		}
		return rootAbove(there, r.Path), kept
	})
	if err != nil {
		return Pruned{}, nil, err
	}
	pruned, refusals, err := removeVanished(ctx, x.store, p.roots, found, x.options.Pruning, x.options.Shard.holds)
	return pruned, append(awayRefusals(away), refusals...), err
}

// forgetFailures drops the failures under roots that the walk did not meet again, and
// those of a root that has moved below one of them: a file that fails there still has a
// failure of its own by now.
func (x *Indexer) forgetFailures(ctx context.Context, roots []string, vanished func(id, path string) bool) error {
	var ids []string
	gone := newClaims()
	for f, err := range x.store.Failures(ctx) {
		if err != nil {
			return fmt.Errorf("reading the failures: %w", err)
		}
		if rootAbove(roots, f.Path) != "" {
			if vanished(f.ID, f.Path) {
				ids = append(ids, f.ID)
			}
		} else if x.options.Shard.holds(f.ID) && gone.failureMoved(f, roots) {
			ids = append(ids, f.ID)
		}
	}
	if err := x.store.Delete(ctx, ids); err != nil {
		return fmt.Errorf("forgetting %d failures: %w", len(ids), err)
	}
	return nil
}

// Prune removes the records of files that are gone, below paths or, without any, in the
// whole index, which it scans once. It asks the file system about every record and reads
// no picture. Roots that are refused are returned, and left as they are.
func Prune(ctx context.Context, st store.Store, paths []string, how Pruning) (pruned Pruned, refusals []Refusal, err error) {
	given, err := outermost(withResolved(paths))
	if err != nil {
		return pruned, nil, err
	}
	disks, err := openMounts(ctx, st)
	if err != nil {
		return pruned, nil, err
	}
	away, keptOf := disks.away(nil), make(map[string]int64)
	found := make(map[string]*tallied) // by each record's own root where no paths are given
	absent := make(map[string]bool)    // the roots met so far, and whether they are missing
	err = scanVanished(ctx, st, given, found, func(r store.Record) (string, verdict) {
		root := r.Root
		if len(given) > 0 {
			root = rootAbove(given, r.Path)
		}
		if _, asked := absent[root]; !asked {
			absent[root] = root != "" && missing(root)
		}
		if disk := away.above(r.Path); disk != "" && how != Forced && !absent[root] && missing(r.Path) {
			keptOf[disk]++
			return "", foreign
		}
		if absent[root] || missing(r.Path) { // below a missing root nothing need be looked at
			return root, gone
		}
		return root, kept
	})
	if err != nil {
		return pruned, nil, err
	}
	roots := given
	if len(given) == 0 {
		if roots, found, err = mergeNested(found); err != nil {
			return pruned, nil, err
		}
	}
	for root, f := range found {
		f.missing = missing(root)
	}
	pruned, refusals, err = removeVanished(ctx, st, roots, found, how, func(string) bool { return true })
	if err == nil && how == Forced {
		maps.DeleteFunc(away, func(disk string, _ struct{}) bool { return len(given) > 0 && rootAbove(given, disk) == "" })
		err = disks.keep(ctx, away)
	}
	return pruned, append(awayRefusals(keptOf), refusals...), err
}

// verdict is what a scan finds out about a record.
type verdict int

const (
	kept     verdict = iota
	gone             // its file is
	excluded         // its file is left out of the index on purpose
	foreign          // it is another shard's, or on a disk that is not mounted: not counted
)

// tallied is what a scan found under a root.
type tallied struct {
	records  int64    // without those that are excluded
	vanished []string // ids of the records whose file is gone
	legacies []legacy // of those that have any
	excluded []string // ids of the records whose file is left out on purpose
	missing  bool     // the root itself is gone
}

// scanVanished judges, in one scan, every record under roots or, without any, in the
// whole index, and adds what judge says to the root that it names.
func scanVanished(ctx context.Context, st store.Store, roots []string, found map[string]*tallied, judge func(store.Record) (root string, v verdict)) error {
	var under store.Filter
	if len(roots) > 0 {
		below := make(store.Or, len(roots))
		for i, root := range roots {
			below[i] = store.Under(root)
		}
		under = below
	}
	for r, err := range st.Scan(ctx, under, store.Fields{}) {
		if err != nil {
			return fmt.Errorf("reading the pictures of the index: %w", err)
		}
		root, v := judge(r)
		if v == foreign {
			continue
		}
		f := found[root]
		if f == nil {
			f = &tallied{}
			found[root] = f
		}
		if v == excluded {
			f.excluded = append(f.excluded, r.ID)
			continue
		}
		f.records++
		if v == gone {
			f.vanished = append(f.vanished, r.ID)
			if l, ok := legacyOf(r); ok {
				f.legacies = append(f.legacies, l)
			}
		}
	}
	return nil
}

// mergeNested adds what was found under roots inside another to the outermost.
func mergeNested(found map[string]*tallied) (roots []string, merged map[string]*tallied, err error) {
	for root := range found {
		roots = append(roots, root)
	}
	if roots, err = outermost(roots); err != nil {
		return nil, nil, err
	}
	merged = make(map[string]*tallied)
	for root, f := range found {
		abs, err := absolute(root)
		if err != nil {
			return nil, nil, err
		}
		outer := rootAbove(roots, abs)
		if m := merged[outer]; m != nil {
			m.records += f.records
			m.vanished = append(m.vanished, f.vanished...)
			m.legacies = append(m.legacies, f.legacies...)
		} else {
			merged[outer] = f
		}
	}
	return roots, merged, nil
}

// pruneChunk is how many records are deleted in one call of the store.
const pruneChunk = 1000

// Pruned counts what pruning did.
type Pruned struct {
	Records int64 // removed, because their files are gone or left out on purpose
	// Inherited counts the pictures that took over the tags which a person gave to a copy of
	// theirs that is gone.
	Inherited int64
}

// removeVanished deletes what was found to be excluded and, unless it refuses, what was
// found to have vanished, root by root. Tags of people pass to copies that stay and are
// ours.
func removeVanished(ctx context.Context, st store.Store, roots []string, found map[string]*tallied, how Pruning, ours func(id string) bool) (pruned Pruned, refusals []Refusal, err error) {
	var legacies []legacy
	going := make(map[string]bool)
	remove := make(map[string][]string, len(roots)) // by root
	for _, root := range roots {
		f := found[root]
		if f == nil {
			continue
		}
		remove[root] = f.excluded
		switch n, left := int64(len(f.vanished)), int64(len(f.excluded)); {
		case how != Forced && left > 0 && f.records == n && n+left > 1: // one may be the root itself, and no picture any more
			delete(remove, root)
			refusals = append(refusals, Refusal{Root: root, Vanished: n + left, Records: n + left, Ignored: true})
		case f.records == 0:
		case how != Forced && f.missing:
			refusals = append(refusals, Refusal{Root: root, Vanished: f.records, Records: f.records, Missing: true})
		case how != Forced && refuses(n, f.records):
			refusals = append(refusals, Refusal{Root: root, Vanished: n, Records: f.records})
		default:
			remove[root] = slices.Concat(f.excluded, f.vanished)
			legacies = append(legacies, f.legacies...)
		}
	}
	if len(legacies) > 0 {
		for _, ids := range remove {
			for _, id := range ids {
				going[id] = true
			}
		}
		pruned.Inherited, err = passOn(ctx, st, legacies, func(id string) bool { return going[id] }, ours)
		if err != nil {
			return pruned, refusals, err
		}
	}
	for _, root := range roots {
		if err := deleteAll(ctx, st, root, remove[root]); err != nil {
			return pruned, refusals, err
		}
		pruned.Records += int64(len(remove[root]))
	}
	return pruned, refusals, nil
}

// deleteAll deletes records under a root, some at a time.
func deleteAll(ctx context.Context, st store.Store, root string, ids []string) error {
	for chunk := range slices.Chunk(ids, pruneChunk) {
		if err := st.Delete(ctx, chunk); err != nil {
			return fmt.Errorf("removing %d pictures under %s from the index: %w", len(chunk), root, err)
		}
	}
	return nil
}
