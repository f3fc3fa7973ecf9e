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

	"github.com/sightline/sightline/internal/store"
)

// Refusal says that records of vanished files were kept, because more likely the
// disk is missing than the pictures.
type Refusal struct {
	Root     string
	Vanished int64 // records whose file is gone
	Records  int64 // records under the root, of the shard if there is one
	Missing  bool  // the root itself is gone
}

// Error says what was found and why nothing was removed.
func (r Refusal) Error() string {
	if r.Missing {
		return fmt.Sprintf("%s is not there; its %d pictures were kept in the index", r.Root, r.Records)
	}
	return fmt.Sprintf("more than a fifth of the %d pictures under %s have vanished; they were kept in the index", r.Records, r.Root)
}

// refuses is the guard's rule: more than a fifth of a root at once looks like an
// unmounted disk or a mistyped path, and pruning could cost days of embedding.
func refuses(vanished, records int64) bool { return vanished*5 > records }

// guard knows where a walk could not look.
type guard struct {
	blind   map[string]struct{} // paths whose inside is unknown, without a slash at the end
	missing []string            // roots that do not exist
}

func newGuard() *guard { return &guard{blind: make(map[string]struct{})} }

func (g *guard) shun(p string) { g.blind[strings.TrimSuffix(p, "/")] = struct{}{} }

// covers reports whether p lies in a part that the walk could not read. It asks for
// each folder above p, not for each blind path: links that lead nowhere may be many.
func (g *guard) covers(p string) bool {
	for len(g.blind) > 0 {
		if _, ok := g.blind[p]; ok {
			return true
		}
		slash := strings.LastIndexByte(p, '/')
		if slash < 0 {
			break
		}
		p = p[:slash]
	}
	return false
}

// below reports whether p is dir or lies under it, by whole path elements.
func below(p, dir string) bool {
	return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/")
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

// reconcile removes what a finished walk did not come by any more: records of
// vanished files, unless refused, and failures that no longer are.
//
// all tells that the walk came by every record there was under the roots, so that
// none needs to be looked for.
func (x *Indexer) reconcile(ctx context.Context, p *planner, all bool) ([]Refusal, error) {
	t, g, outer := p.t, p.guard, p.roots
	vanished := func(id, path string) bool {
		_, ok := p.seen[store.FileKey(id)]
		return !ok && !p.states.has(store.FileKey(id)) && x.options.Shard.holds(id) && !g.covers(path)
	}
	var refusals []Refusal
	for _, root := range outer {
		if x.options.NoPrune || all {
			break
		}
		if slices.Contains(g.missing, root) && !x.options.ForcePrune {
			n, err := x.store.Count(ctx, store.Under(root))
			if err != nil {
				return refusals, fmt.Errorf("counting the pictures under %s: %w", root, err)
			}
			if n > 0 {
				refusals = append(refusals, Refusal{Root: root, Vanished: n, Records: n, Missing: true})
			}
			continue
		}
		refusal, n, err := prune(ctx, x.store, root, pruning{x.options.Shard, x.options.ForcePrune,
			func(r store.Record) bool { return vanished(r.ID, r.Path) }})
		t.pruned.Add(n)
		if err != nil {
			return refusals, err
		}
		if refusal != nil {
			refusals = append(refusals, *refusal)
		}
	}
	return refusals, x.forgetFailures(ctx, outer, vanished)
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

// forgetFailures drops the failures under roots that the walk did not meet again.
func (x *Indexer) forgetFailures(ctx context.Context, roots []string, vanished func(id, path string) bool) error {
	var ids []string
	for f, err := range x.store.Failures(ctx) {
		if err != nil {
			return fmt.Errorf("reading the failures: %w", err)
		}
		under := slices.ContainsFunc(roots, func(r string) bool { return below(f.Path, r) })
		if under && vanished(f.ID, f.Path) {
			ids = append(ids, f.ID)
		}
	}
	if err := x.store.Delete(ctx, ids); err != nil {
		return fmt.Errorf("forgetting %d failures: %w", len(ids), err)
	}
	return nil
}

// Prune removes the records of files that are gone, below paths or, without any,
// in the whole index. It asks the file system about every record and reads no
// picture. Roots that the guard refuses are returned, and left as they are.
func Prune(ctx context.Context, st store.Store, paths []string, force bool) (pruned int64, refusals []Refusal, err error) {
	roots, err := outermost(paths)
	if err != nil {
		return 0, nil, err
	}
	if len(roots) == 0 {
		if roots, err = allRoots(ctx, st); err != nil {
			return 0, nil, err
		}
	}
	for _, root := range roots {
		if missing(root) && !force {
			n, err := st.Count(ctx, store.Under(root))
			if err != nil {
				return pruned, refusals, fmt.Errorf("counting the pictures under %s: %w", root, err)
			}
			if n > 0 {
				refusals = append(refusals, Refusal{Root: root, Vanished: n, Records: n, Missing: true})
			}
			continue
		}
		refusal, n, err := prune(ctx, st, root, pruning{force: force, vanished: func(r store.Record) bool { return missing(r.Path) }})
		pruned += n
		if err != nil {
			return pruned, refusals, err
		}
		if refusal != nil {
			refusals = append(refusals, *refusal)
		}
	}
	return pruned, refusals, nil
}

// allRoots lists the roots that records were found under, outermost only.
func allRoots(ctx context.Context, st store.Store) ([]string, error) {
	distinct := make(map[string]bool)
	for r, err := range st.Scan(ctx, nil, store.Fields{}) {
		if err != nil {
			return nil, fmt.Errorf("listing the roots: %w", err)
		}
		distinct[r.Root] = true
	}
	var roots []string
	for r := range distinct {
		roots = append(roots, r)
	}
	return outermost(roots)
}

// pruneChunk is how many records are deleted in one call of the store.
const pruneChunk = 1000

// pruning says which records go.
type pruning struct {
	shard    Shard // the others' are not looked at
	force    bool
	vanished func(store.Record) bool
}

// prune deletes the vanished records under root, or refuses.
func prune(ctx context.Context, st store.Store, root string, o pruning) (*Refusal, int64, error) {
	var total int64
	var ids []string
	for r, err := range st.Scan(ctx, store.Under(root), store.Fields{}) {
		if err != nil {
			return nil, 0, fmt.Errorf("reading the pictures under %s: %w", root, err)
		}
		if !o.shard.holds(r.ID) {
			continue
		}
		total++
		if o.vanished(r) {
			ids = append(ids, r.ID)
		}
	}
	if n := int64(len(ids)); !o.force && refuses(n, total) {
		return &Refusal{Root: root, Vanished: n, Records: total}, 0, nil
	}
	var done int64
	for chunk := range slices.Chunk(ids, pruneChunk) {
		if err := st.Delete(ctx, chunk); err != nil {
			return nil, done, fmt.Errorf("pruning %d pictures under %s: %w", len(chunk), root, err)
		}
		done += int64(len(chunk))
	}
	return nil, done, nil
}

// missing reports whether a path certainly is not there. A path that cannot be
// looked at (no permission, a failing disk) may well be.
func missing(p string) bool {
	_, err := os.Stat(p)
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
