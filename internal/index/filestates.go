package index

import (
	"context"
	"fmt"
	"math/bits"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// fileStates is the file-state table of a run: for each record of the index a hash of
// the size and time that its file had, 21 bytes a record, from stores that can list
// them. A run over a million unchanged files then asks the store nothing. The table is
// open-addressed, because its keys are hashes already and a map takes three times as
// much memory. A nil table knows no file.
type fileStates struct {
	entries []store.FileState // a key of 0 is an empty place
	met     []uint64          // a bit per place: the walk came by it
}

// fileStatesShare is 1/n of the index: a run over less than that looks its files up one by
// one, which is faster than listing a large index.
const fileStatesShare = 8

// readFileStates lists the index for a run over so many of its records. It returns nil
// where that is not worth it, or the store cannot list them.
func (x *Indexer) readFileStates(ctx context.Context, records int64) (*fileStates, error) {
	lister, ok := store.As[store.FileStateLister](x.store)
	if !ok || records == 0 {
		return nil, nil
	}
	all, err := x.store.Count(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("counting the pictures of the index: %w", err)
	}
	if records*fileStatesShare < all {
		return nil, nil
	}
	s := newFileStates(int(all)*4/3 + 64)
	n := 0
	for p, err := range lister.FileStates(ctx) {
		if err != nil {
			return nil, fmt.Errorf("listing the index: %w", err)
		}
		if n++; n*8 > len(s.entries)*7 { // written to since it was counted
			larger := newFileStates(2 * len(s.entries))
			for _, e := range s.entries {
				larger.add(e)
			}
			s = larger
		}
		s.add(p)
	}
	return s, nil
}

func newFileStates(places int) *fileStates {
	return &fileStates{entries: make([]store.FileState, places), met: make([]uint64, (places+63)/64)}
}

// add puts an entry in. Of two records with one key the first is found; the other is
// then looked up in the store.
func (s *fileStates) add(p store.FileState) {
	if p.Key == 0 {
		return
	}
	if at, found := s.find(p.Key); !found {
		s.entries[at] = p
	}
}

// find returns the place of a key, or the empty place where it belongs.
func (s *fileStates) find(key uint64) (at int, found bool) {
	hi, _ := bits.Mul64(key, uint64(len(s.entries)))
	for at = int(hi); s.entries[at].Key != 0; {
		if s.entries[at].Key == key {
			return at, true
		}
		if at++; at == len(s.entries) {
			at = 0
		}
	}
	return at, false
}

// unchanged reports whether a record says the same of a file as the walk, and notes
// that the walk came by it. again reports whether the walk had done so before.
func (s *fileStates) unchanged(key uint64, e walk.Entry) (same, again bool) {
	if s == nil || key == 0 {
		return false, false
	}
	at, found := s.find(key)
	if !found {
		return false, false
	}
	if !s.sameAt(at, e) {
		return false, false
	}
	again = s.met[at/64]&(1<<(at%64)) != 0
	s.met[at/64] |= 1 << (at % 64)
	return true, again
}

// sameAt reports whether the entry at a place says the same of a file as the walk.
func (s *fileStates) sameAt(at int, e walk.Entry) bool {
	is := func(stamp uint32) bool { return s.entries[at].StatHash == store.StatHash(e.Size, e.ModTime, stamp) }
	return is(metadataStamp(e)) || is(besideStamp(e))
}

// lists reports whether there is a record with a key. Unlike unchanged, lists and same
// may be called while another goroutine uses the table; same takes no nil table.
func (s *fileStates) lists(key uint64) bool {
	if s == nil || key == 0 {
		return false
	}
	_, found := s.find(key)
	return found
}

// same is unchanged without the note that the walk came by.
func (s *fileStates) same(key uint64, e walk.Entry) bool {
	at, found := s.find(key)
	return found && s.sameAt(at, e)
}

// has reports whether the walk came by the record with a key and found it unchanged.
func (s *fileStates) has(key uint64) bool {
	if s == nil || key == 0 {
		return false
	}
	at, found := s.find(key)
	return found && s.met[at/64]&(1<<(at%64)) != 0
}
