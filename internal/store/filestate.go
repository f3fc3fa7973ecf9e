package store

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"iter"
	"time"
)

// FileState is an entry of the file-state table: what a run over files that were
// indexed before needs to know of each record, so that a file which has not changed
// costs no lookup in the store.
type FileState struct {
	Key      uint64 // which record: FileKey of its id
	StatHash uint64 // StatHash of the file as it was indexed
}

// FileStateLister is an optional interface of stores that can list the file states of
// all of their records in the time of a few thousand lookups.
type FileStateLister interface {
	// FileStates yields the state of every record, in any order, as of when it began.
	FileStates(ctx context.Context) iter.Seq2[FileState, error]
}

// FileKey is the first 64 bits of an id, which are those of a hash: two of five million
// records share one with a chance of one in a million.
func FileKey(id string) uint64 {
	var b [8]byte
	_, _ = hex.Decode(b[:], []byte(id[:16])) // ids are hex by contract
	return binary.BigEndian.Uint64(b[:])
}

// PathKey is FileKey of ID, for a walk that asks about a million files what they are in an
// index.
func PathKey(collection, path string) uint64 {
	sum := idSum(collection, path)
	return binary.BigEndian.Uint64(sum[:])
}

// StatHash is a hash of a file's size and time of modification, and of the record's
// MetadataStamp. It changes when they do, but for one change in 2^64.
func StatHash(size int64, modTime time.Time, metadataStamp uint32) uint64 {
	h := mix(uint64(size) + 0x9e3779b97f4a7c15)
	h = mix(h ^ uint64(modTime.Unix()))
	h = mix(h ^ uint64(modTime.Nanosecond()) ^ 0xd1b54a32d192ed03)
	if metadataStamp != 0 {
		h = mix(h ^ uint64(metadataStamp)<<32)
	}
	return h
}

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood 2014), a bijection.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
