package index

import (
	"context"
	"fmt"
	"math/bits"
	"slices"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// fileStates is the file-state table of the whole index in memory, 21 bytes a record, from stores that can
// list it: a run over a million unchanged files then asks the store nothing. It is an
// open-addressed table, because keys are hashes already and a map takes three times as
// much.
type fileStates struct {
	entries []store.FileState // a key of 0 is an empty place
	met     []uint64          // a bit for each place that a walk came by
}

// listShare is the share of the index, as 1/n, that a run must be about: looking up the
// files of a small folder is faster than listing a large index.
const listShare = 8

// newFileStates lists the index for a run over so many of its records. It returns nil where
// that is not worth it, or the store cannot.
func (x *Indexer) newFileStates(ctx context.Context, records int64) (*fileStates, error) {
	lister, ok := store.As[store.FileStateLister](x.store)
	if !ok || records == 0 {
		return nil, nil
	}
	all, err := x.store.Count(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("counting the pictures of the index: %w", err)
	}
	if records*listShare < all {
		return nil, nil
	}
	r := &fileStates{}
	r.grow(int(all)*4/3 + 64)
	n := 0
	for p, err := range lister.FileStates(ctx) {
		if err != nil {
			return nil, fmt.Errorf("listing the index: %w", err)
		}
		if n++; n*8 > len(r.entries)*7 { // written to since it was counted
			old := r.entries
			r.grow(2 * len(old))
			for _, e := range old {
				r.add(e)
			}
		}
		r.add(p)
	}
	return r, nil
}

func (r *fileStates) grow(places int) {
	r.entries, r.met = make([]store.FileState, places), make([]uint64, (places+63)/64)
}

// add puts an entry in. Of two records with one key the first is found; the other is
// then looked up in the store.
func (r *fileStates) add(p store.FileState) {
	if p.Key == 0 {
		return
	}
	if at, found := r.find(p.Key); !found {
		r.entries[at] = p
	}
}

// find returns the place of a key, or the empty place where it belongs.
func (r *fileStates) find(key uint64) (at int, found bool) {
	hi, _ := bits.Mul64(key, uint64(len(r.entries)))
	for at = int(hi); r.entries[at].Key != 0; {
		if r.entries[at].Key == key {
			return at, true
		}
		if at++; at == len(r.entries) {
			at = 0
		}
	}
	return at, false
}

// unchanged reports whether a record says the same of a file as the walk, and notes that
// the walk came by it. again tells that it did so before.
func (r *fileStates) unchanged(key uint64, e walk.Entry) (same, again bool) {
	if r == nil || key == 0 {
		return false, false
	}
	at, found := r.find(key)
	if !found || r.entries[at].StatHash != store.StatHash(e.Size, e.ModTime) {
		return false, false
	}
	again = r.met[at/64]&(1<<(at%64)) != 0
	r.met[at/64] |= 1 << (at % 64)
	return true, again
}

// has reports whether the walk came by the record with a key, and found it unchanged.
func (r *fileStates) has(key uint64) bool {
	if r == nil || key == 0 {
		return false
	}
	at, found := r.find(key)
	return found && r.met[at/64]&(1<<(at%64)) != 0
}

// under reports whether a path lies under one of the run's roots.
func (p *planner) under(path string) bool {
	return slices.ContainsFunc(p.roots, func(r string) bool { return below(path, r) })
}
