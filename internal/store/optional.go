package store

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"iter"
	"time"
)

// Promoter is an optional interface of stores that can build an index with another
// model beside the one in use. A store that was opened for that is not what searches
// find under the collection's name until Promote.
type Promoter interface {
	// Promote makes this index the one in use, in one step: a search finds either the
	// old one or the new one. The old one stays until it is dropped. Promoting what is
	// in use already does nothing.
	Promote(ctx context.Context) error
}

// Generation is one of the indexes that a collection has, one a model.
type Generation struct {
	Name    string // what the store calls it: a collection on a server, a folder
	Model   Model
	Records int64
	Updated time.Time
	Current bool // the one in use
}

// Keeper is an optional interface of stores that keep the indexes of earlier models.
type Keeper interface {
	// Generations lists the indexes of the collection, the one in use first.
	Generations(ctx context.Context) ([]Generation, error)
	// Drop removes one by its name. The one in use is refused.
	Drop(ctx context.Context, name string) error
}

// Presence is the little that tells whether a file is as a record says: see Key and
// Stamp.
type Presence struct{ Key, Stamp uint64 }

// Roster is an optional interface of stores that can list all of their records in the
// time of a few thousand lookups.
type Roster interface {
	// Roster yields an entry for every record, in any order, as of when it began.
	Roster(ctx context.Context) iter.Seq2[Presence, error]
}

// Key is the first 64 bits of an id, which are those of a hash: two of five million
// records share one with a chance of one in a million.
func Key(id string) uint64 {
	var b [8]byte
	_, _ = hex.Decode(b[:], []byte(id[:16])) // ids are hex by contract
	return binary.BigEndian.Uint64(b[:])
}

// Stamp is a hash of a file's size and time of modification, and of the stamp of its
// metadata: it changes with them, except once in 2^64.
func Stamp(size int64, modTime time.Time, metadata uint32) uint64 {
	h := mix(uint64(size) + 0x9e3779b97f4a7c15)
	h = mix(h ^ uint64(modTime.Unix()))
	h = mix(h ^ uint64(modTime.Nanosecond()) ^ 0xd1b54a32d192ed03)
	if metadata != 0 {
		h = mix(h ^ uint64(metadata)<<32)
	}
	return h
}

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood 2014), a bijection.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// TagCounter is an optional interface of stores that can count tags without reading
// every record.
type TagCounter interface {
	// CountTags returns how many tags come from a source, and how many records have any.
	CountTags(ctx context.Context, source string) (records, tags int64, err error)
}

// Tunable is an optional interface of stores that search approximately, with one
// parameter that buys recall with time.
type Tunable interface {
	// Efforts names the parameter of the index that is there ("ef", "nprobe") and lists
	// values worth trying for k hits, cheapest first. There are none where the index is
	// exact or has nothing to set.
	Efforts(k int) (parameter string, values []int)
	// SearchAt searches with a value of the parameter in place of the one in effect.
	SearchAt(ctx context.Context, q Query, value int) ([][]Hit, error)
	// SetEffort keeps a value with the index, for later searches of any k by anybody
	// whose settings name none; recall is what it was measured to reach. 0 forgets it.
	SetEffort(ctx context.Context, value int, recall float64) error
}

// ExactSearcher is an optional interface of stores that search approximately: it
// answers the same questions without misses, more slowly.
type ExactSearcher interface {
	SearchExact(ctx context.Context, q Query) ([][]Hit, error)
}
