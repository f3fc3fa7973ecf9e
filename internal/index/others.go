package index

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/walk"
)

// others is walk.Others, kept with the index: what files without a telling name turned out
// to be that are no pictures, so that an unchanged run opens none of them. Pictures have
// records for that.
//
// A file is a hash of its path, size and times; when anything about it changes, it is looked
// at again. What one run noted is a document for its roots:
//
//	4 bytes  CRC-32C of what follows
//	         kinds: their number (2 bytes), then each with its length (1 byte)
//	         files: 8 bytes for the hash, 2 for the kind
//
// all little-endian. One that cannot be read is as none: everything is looked at once more.
type others struct {
	name   string
	before *otherTable
	// damaged says that what was noted before could not be read.
	damaged bool

	mu    sync.Mutex
	added map[uint64]string
}

const (
	othersPrefix = "walk/others-"
	// mostOthers bounds the files that are remembered: 10 MB of them.
	mostOthers = 1 << 20
	// mostOtherRoots bounds for how many sets of roots there are documents.
	mostOtherRoots = 32
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// openOthers reads what earlier runs over the same roots noted. It is nil where the store
// keeps no documents.
func openOthers(ctx context.Context, st store.Store, roots []string) (*others, error) {
	docs, ok := store.As[store.Documents](st)
	if !ok {
		return nil, nil
	}
	sum := sha256.Sum256([]byte(strings.Join(roots, "\x00")))
	o := &others{name: othersPrefix + hex.EncodeToString(sum[:8]), added: make(map[uint64]string)}
	data, err := docs.Document(ctx, o.name)
	// What is damaged is rebuilt: the files are only looked at again.
	if o.damaged = errors.Is(err, store.ErrDamaged); err != nil && !o.damaged && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if o.before = decodeOthers(data); o.before == nil {
		o.before = newOtherTable(nil, 0)
	}
	return o, nil
}

// keyOf is the hash of a file as it is now, never 0.
func keyOf(e walk.Entry) uint64 {
	h := fnv.New64a()
	h.Write([]byte(e.Path))
	var facts [25]byte // after a 0, which no path holds
	binary.LittleEndian.PutUint64(facts[1:], uint64(e.Size))
	binary.LittleEndian.PutUint64(facts[9:], uint64(e.ModTime.UnixNano()))
	binary.LittleEndian.PutUint64(facts[17:], uint64(e.ChangeTime.UnixNano()))
	h.Write(facts[:])
	return max(h.Sum64(), 1)
}

// Recall implements walk.Others.
func (o *others) Recall(e walk.Entry) (kind string, ok bool) {
	return o.before.meet(keyOf(e))
}

// Remember implements walk.Others.
func (o *others) Remember(e walk.Entry, kind string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.added) < mostOthers {
		o.added[keyOf(e)] = kind
	}
}

// now is what this run came by, and whether it is other than before.
func (o *others) now() (files map[uint64]string, changed bool) {
	files, changed = o.added, o.damaged
	for range o.before.all(false) {
		changed = true
	}
	if !changed && len(o.added) == 0 {
		return nil, false
	}
	for key, kind := range o.before.all(true) {
		if len(files) < mostOthers {
			files[key] = kind
		}
	}
	return files, true
}

// keep stores what a whole run has noted, in place of what was there.
func (o *others) keep(ctx context.Context, st store.Store) error {
	docs, ok := store.As[store.Documents](st)
	if !ok {
		return nil
	}
	files, changed := o.now()
	if !changed {
		return nil
	}
	names, err := docs.DocumentNames(ctx, othersPrefix)
	if err != nil {
		return err
	}
	if len(names) >= mostOtherRoots {
		for _, name := range names {
			if err := docs.DeleteDocument(ctx, name); err != nil {
				return err
			}
		}
	}
	return docs.PutDocument(ctx, o.name, encodeOthers(files))
}

func encodeOthers(files map[uint64]string) []byte {
	kinds := slices.Sorted(maps.Values(files))
	kinds = slices.Compact(kinds)
	at := make(map[string]uint16, len(kinds))
	b := binary.LittleEndian.AppendUint16(make([]byte, 4), uint16(len(kinds)))
	for i, kind := range kinds {
		at[kind] = uint16(i)
		b = append(append(b, byte(len(kind))), kind...)
	}
	for _, key := range slices.Sorted(maps.Keys(files)) {
		b = binary.LittleEndian.AppendUint64(b, key)
		b = binary.LittleEndian.AppendUint16(b, at[files[key]])
	}
	binary.LittleEndian.PutUint32(b, crc32.Checksum(b[4:], castagnoli))
	return b
}

// decodeOthers returns nil for what is not whole.
func decodeOthers(b []byte) *otherTable {
	if len(b) < 6 || binary.LittleEndian.Uint32(b) != crc32.Checksum(b[4:], castagnoli) {
		return nil
	}
	kinds := make([]string, binary.LittleEndian.Uint16(b[4:]))
	b = b[6:]
	for i := range kinds {
		if len(b) == 0 || len(b) < 1+int(b[0]) {
			return nil
		}
		end := 1 + int(b[0])
		kinds[i], b = string(b[1:end]), b[end:]
	}
	const size = 10
	t := newOtherTable(kinds, len(b)/size)
	for ; len(b) >= size; b = b[size:] {
		kind := binary.LittleEndian.Uint16(b[8:])
		if int(kind) >= len(kinds) {
			return nil
		}
		t.add(binary.LittleEndian.Uint64(b), kind)
	}
	return t
}
