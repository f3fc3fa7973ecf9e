package local

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"
	"sync"

	"github.com/sightline/sightline/internal/store"
)

// attributes are what filters ask of each record, but for its tags: row by row, in memory.
// SQLite takes a quarter of a microsecond for each record that meets a condition, which
// for many records is more than the search itself. This takes a few nanoseconds for each
// row. What is known of a row stays true within its generation, since a row is never written
// twice. A value of this type never changes once it is made.
type attributes struct {
	generation int64
	entries    []byte  // attributeEntry bytes a row: int64 seconds, uint32 nanoseconds, uint32 group
	groups     []group // the first stands for rows of which nothing is known
	// unknown are the rows whose records were gone when the attributes were read. An older
	// snapshot may still have a record there.
	unknown []int64
}

// group is what some records have in common: their folder, their format, and whether they
// have a date of their own.
type group struct {
	folder string // the path up to its last slash, which is included
	format string
	dated  bool
}

const attributeEntry = 16

// Where the attributes are behind, a search reads up to readMost rows from the catalogue,
// or a readMostShare-th of a larger index, which takes some milliseconds. Later searches by
// the same Store have them.
const (
	readMost      = 4096
	readMostShare = 16
	// The attribute file (attributefile.go) is read when more than a fileShare-th of the
	// rows are missing: reading so many from the catalogue takes as long.
	fileShare = 256
)

func newAttributes(generation int64) *attributes {
	return &attributes{generation: generation, groups: make([]group, 1)}
}

// rowCount is the number of rows that the attributes cover.
func (a *attributes) rowCount() int64 { return int64(len(a.entries)) / attributeEntry }

// attributeCache is the newest attributes that there are.
type attributeCache struct {
	mu     sync.Mutex
	newest *attributes
}

// attributes returns attributes that cover the rows of a snapshot. It returns nil where
// too many of them would have to be read from the catalogue: see readMost.
func (s *Store) attributes(ctx context.Context, sn *snapshot) (*attributes, error) {
	c := &s.known
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.newest
	if a == nil || a.generation != sn.generation {
		a = newAttributes(sn.generation)
	}
	h := s.header(sn.generation)
	if sn.rowCount-a.rowCount() > sn.rowCount/fileShare && s.attributeRows(h) > a.rowCount() {
		if read, err := s.readAttributes(h); err == nil {
			a = read
		} else {
			s.log.Debug("filtering without attributes", "error", err)
		}
	}
	if sn.rowCount-a.rowCount() > max(readMost, sn.rowCount/readMostShare) {
		return nil, nil
	}
	a, err := sn.extendAttributes(ctx, a)
	if err != nil {
		return nil, err
	}
	// A search that began before a compaction must not put its older generation in the place
	// of the newest.
	if c.newest == nil || c.newest.generation <= a.generation {
		c.newest = a
	}
	return a, nil
}

// extendAttributes returns attributes that cover the rows of a snapshot. They may share
// memory with the given ones, to which nothing may be appended from then on.
func (sn *snapshot) extendAttributes(ctx context.Context, a *attributes) (*attributes, error) {
	from := a.rowCount()
	if from >= sn.rowCount {
		return a, nil
	}
	numbers := make(map[group]uint32, len(a.groups))
	for i, g := range a.groups[1:] {
		numbers[g] = uint32(i + 1)
	}
	out := &attributes{generation: a.generation, groups: a.groups, unknown: a.unknown}
	out.entries = append(a.entries, make([]byte, attributeEntry*(sn.rowCount-from))...)
	rows, err := sn.tx.QueryContext(ctx, "SELECT slot, path, format, taken, when_s, when_ns FROM records WHERE slot >= ? ORDER BY slot", from)
	if err != nil {
		return nil, sqlError(err)
	}
	defer rows.Close()
	next := from
	for rows.Next() {
		var rowID, sec, ns int64
		var path, format []byte
		var dated bool
		if err := rows.Scan(&rowID, &path, &format, &dated, &sec, &ns); err != nil {
			return nil, sqlError(err)
		}
		if rowID < next || rowID >= sn.rowCount {
			return nil, fmt.Errorf("%w: row %d of %d", store.ErrDamaged, rowID, sn.rowCount)
		}
		for ; next < rowID; next++ {
			out.unknown = append(out.unknown, next)
		}
		next = rowID + 1
		g := group{folder: string(path[:strings.LastIndexByte(string(path), '/')+1]), format: string(format), dated: dated}
		n, ok := numbers[g]
		if !ok {
			n = uint32(len(out.groups))
			numbers[g] = n
			out.groups = append(out.groups, g)
		}
		e := out.entries[attributeEntry*rowID:]
		binary.LittleEndian.PutUint64(e, uint64(sec))
		binary.LittleEndian.PutUint32(e[8:], uint32(ns))
		binary.LittleEndian.PutUint32(e[12:], n)
	}
	for ; next < sn.rowCount; next++ {
		out.unknown = append(out.unknown, next)
	}
	return out, sqlError(rows.Err())
}

// inGroups returns the rows among the first n whose group meets a condition.
func (a *attributes) inGroups(n int64, condition func(g group) bool) *bitmap {
	meets := make([]uint64, len(a.groups))
	for i, g := range a.groups[1:] {
		if condition(g) {
			meets[i+1] = 1
		}
	}
	return a.where(n, func(entries []byte) (word uint64) {
		for i := 0; len(entries) >= attributeEntry; i++ {
			word |= meets[binary.LittleEndian.Uint32(entries[12:])] << i
			entries = entries[attributeEntry:]
		}
		return word
	})
}

// since returns the rows among the first n whose date is not before a time.
func (a *attributes) since(n int64, sec, ns int64) *bitmap {
	const sign = 1 << 63 // with it turned, signed numbers compare as unsigned ones do
	least := uint64(sec) ^ sign
	return a.where(n, func(entries []byte) (word uint64) {
		for i := 0; len(entries) >= attributeEntry; i++ {
			// Dates have no order that a branch could be predicted by: the borrow of the
			// subtraction tells.
			_, before := bits.Sub64(uint64(binary.LittleEndian.Uint32(entries[8:])), uint64(ns), 0)
			_, before = bits.Sub64(binary.LittleEndian.Uint64(entries)^sign, least, before)
			word |= (1 - before) << i
			entries = entries[attributeEntry:]
		}
		return word
	})
}

// where makes a set of rows among the first n, on all cores. word returns one word of the
// set for the entries of 64 rows.
func (a *attributes) where(n int64, word func(entries []byte) uint64) *bitmap {
	const step = 1024
	b := newBitmap(n)
	_ = onCores((len(b.words)+step-1)/step, func(part int) error {
		for w := part * step; w < min((part+1)*step, len(b.words)); w++ {
			b.words[w] = word(a.entries[64*attributeEntry*w : attributeEntry*min(n, 64*int64(w+1))])
		}
		return nil
	})
	return b
}
