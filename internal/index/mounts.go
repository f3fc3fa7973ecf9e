package index

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// mounts are the folders below roots on which a run found another disk. Where one of them is
// on its parent's disk later, or nowhere, it is away: an unmounted disk leaves an empty folder,
// or none, and may be so small a part of a root that the rule of a fifth would let it go.
type mounts struct {
	docs  store.Documents // nil where the store keeps none: no disk is known then
	known map[string]bool
	met   map[string]bool // by this run's walk
}

// mountsName is the document that keeps them, as paths with a NUL between them.
const mountsName = "walk/mounts"

// openMounts reads what earlier runs found. A damaged document is as none.
func openMounts(ctx context.Context, st store.Store) (*mounts, error) {
	m := &mounts{known: make(map[string]bool), met: make(map[string]bool)}
	var ok bool
	if m.docs, ok = store.As[store.Documents](st); !ok {
		return m, nil
	}
	data, err := m.docs.Document(ctx, mountsName)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrDamaged) {
		return m, nil
	} else if err != nil {
		return nil, fmt.Errorf("reading which disks were mounted: %w", err)
	}
	for p := range strings.SplitSeq(string(data), "\x00") {
		if strings.HasPrefix(p, "/") {
			m.known[p] = true
		}
	}
	return m, nil
}

// away returns the folders below roots whose disk is not there now. Without roots it returns
// all of them.
func (m *mounts) away(roots []string) pathSet {
	away := make(pathSet)
	for p := range m.known {
		if (len(roots) == 0 || rootAbove(roots, p) != "") && !slices.Contains(roots, p) && !mounted(p) {
			away.add(p)
		}
	}
	return away
}

// mounted reports whether a folder is on another disk than the folder that it is in.
func mounted(p string) bool {
	here, err := os.Stat(p)
	if err != nil {
		return false
	}
	above, err := os.Stat(path.Dir(p))
	return err == nil && walk.OtherDisk(here, above)
}

// keep stores what is known now: also what this run met, and not what is forgotten.
func (m *mounts) keep(ctx context.Context, forgotten pathSet) error {
	if m.docs == nil {
		return nil
	}
	now := maps.Clone(m.known)
	maps.Copy(now, m.met)
	for p := range forgotten {
		delete(now, p)
	}
	if maps.Equal(now, m.known) {
		return nil
	}
	return m.docs.PutDocument(ctx, mountsName, []byte(strings.Join(slices.Sorted(maps.Keys(now)), "\x00")))
}

// awayRefusals says what was kept of each disk that is away.
func awayRefusals(kept map[string]int64) (refusals []Refusal) {
	for _, p := range slices.Sorted(maps.Keys(kept)) {
		refusals = append(refusals, Refusal{Root: p, Vanished: kept[p], Records: kept[p], Unmounted: true})
	}
	return refusals
}
