package index

import (
	"iter"
	"math/bits"
	"sync/atomic"
)

// otherTable holds the files that an earlier run noted to be no pictures, by their hashes.
// It is open-addressed: it is filled in each run, and asked about every file of those, so
// that a map would take a good part of the time of a run in which nothing has changed.
type otherTable struct {
	kinds []string
	keys  []uint64 // a key of 0 is an empty place
	kind  []uint16 // of the file at a place, an index into kinds
	met   []uint64 // a bit per place: the walk came by it
}

// newOtherTable makes a table with room for so many files.
func newOtherTable(kinds []string, files int) *otherTable {
	places := files*4/3 + 1
	return &otherTable{
		kinds: kinds, keys: make([]uint64, places), kind: make([]uint16, places), met: make([]uint64, (places+63)/64),
	}
}

// add puts a file in; of two with one key the first stays, and no file has the key 0.
func (t *otherTable) add(key uint64, kind uint16) {
	if key == 0 {
		return
	}
	if at, found := t.find(key); !found {
		t.keys[at], t.kind[at] = key, kind
	}
}

// find returns the place of a key, or the empty place where it belongs.
func (t *otherTable) find(key uint64) (at int, found bool) {
	hi, _ := bits.Mul64(key, uint64(len(t.keys)))
	for at = int(hi); t.keys[at] != 0; {
		if t.keys[at] == key {
			return at, true
		}
		if at++; at == len(t.keys) {
			at = 0
		}
	}
	return at, false
}

// meet returns the kind of a file, if it is there, and notes that the walk came by it. It
// may be called by several goroutines at once.
func (t *otherTable) meet(key uint64) (kind string, ok bool) {
	at, found := t.find(key)
	if !found {
		return "", false
	}
	if word, bit := &t.met[at/64], uint64(1)<<(at%64); atomic.LoadUint64(word)&bit == 0 {
		atomic.OrUint64(word, bit)
	}
	return t.kinds[t.kind[at]], true
}

// all yields the files that the walk came by, or those that it did not, with their kinds.
func (t *otherTable) all(met bool) iter.Seq2[uint64, string] {
	return func(yield func(uint64, string) bool) {
		for at, key := range t.keys {
			if key == 0 || t.met[at/64]&(1<<(at%64)) != 0 != met {
				continue
			}
			if !yield(key, t.kinds[t.kind[at]]) {
				return
			}
		}
	}
}
