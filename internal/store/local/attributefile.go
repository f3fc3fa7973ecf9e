package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/store"
)

// The attribute file holds attributes, so that a search need not read them from the
// catalogue: a cache like the roster, replaced whole. The header, little-endian, is
//
//	0   8 bytes   magic
//	8   uint32    version of this layout
//	12  uint32    CRC-32 (IEEE) of what follows
//	16  16 bytes  identity of the index
//	32  uint64    generation
//	40  uint64    slots
//	48  uint64    groups
//
// and behind it lie the entries of the slots, and the groups: for each its folder, its
// format, and a text that is not empty where its records are dated, all with their length
// as a varint before them. The first group, which stands
// for what is not known, is left out.
const (
	attributeName    = "attributes.bin"
	attributeVersion = 2
	attributeHead    = 56
)

var attributeMagic = []byte("SIGHTATT")

func (s *Store) attributePath() string { return filepath.Join(s.dir, attributeName) }

// encode returns the attributes as a file.
func (a *attributes) encode(h header) []byte {
	b := make([]byte, attributeHead, attributeHead+len(a.entries)+64*len(a.groups))
	copy(b, attributeMagic)
	binary.LittleEndian.PutUint32(b[8:], attributeVersion)
	copy(b[16:16+identitySize], h.identity)
	binary.LittleEndian.PutUint64(b[32:], uint64(a.generation))
	binary.LittleEndian.PutUint64(b[40:], uint64(a.slots()))
	binary.LittleEndian.PutUint64(b[48:], uint64(len(a.groups)-1))
	b = append(b, a.entries...)
	dated := map[bool]string{true: "dated"}
	for _, g := range a.groups[1:] {
		for _, text := range []string{g.folder, g.format, dated[g.dated]} {
			b = binary.AppendUvarint(b, uint64(len(text)))
			b = append(b, text...)
		}
	}
	binary.LittleEndian.PutUint32(b[12:], crc32.ChecksumIEEE(b[16:]))
	return b
}

// readAttributes returns the attributes of an index and generation from a file.
func readAttributes(path string, want header) (*attributes, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	a, err := decodeAttributes(b, want)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", store.ErrDamaged, path, err)
	}
	return a, nil
}

func decodeAttributes(b []byte, want header) (*attributes, error) {
	a := newAttributes(want.generation)
	if head := a.encode(want); len(b) < attributeHead || !bytes.Equal(b[:12], head[:12]) || !bytes.Equal(b[16:40], head[16:40]) {
		return nil, fmt.Errorf("these are not the attributes of this index, generation %d", want.generation)
	}
	if binary.LittleEndian.Uint32(b[12:]) != crc32.ChecksumIEEE(b[16:]) {
		return nil, fmt.Errorf("the checksum is wrong")
	}
	slots, groups := binary.LittleEndian.Uint64(b[40:]), binary.LittleEndian.Uint64(b[48:])
	b = b[attributeHead:]
	if slots > uint64(len(b))/attributeEntry || groups > uint64(len(b)) {
		return nil, fmt.Errorf("%d bytes are too few for %d slots and %d groups", len(b), slots, groups)
	}
	end := attributeEntry * slots
	a.entries, b = b[:end:end], b[end:]
	for range groups {
		var texts [3]string
		for i := range texts {
			n, size := binary.Uvarint(b)
			if size <= 0 || n > uint64(len(b)-size) {
				return nil, fmt.Errorf("%d of %d groups are there", len(a.groups)-1, groups)
			}
			texts[i], b = string(b[size:size+int(n)]), b[size+int(n):]
		}
		a.groups = append(a.groups, group{folder: texts[0], format: texts[1], dated: texts[2] != ""})
	}
	for slot := range int64(slots) {
		switch n := binary.LittleEndian.Uint32(a.entries[attributeEntry*slot+12:]); {
		case n == 0:
			a.unknown = append(a.unknown, slot)
		case uint64(n) > groups:
			return nil, fmt.Errorf("slot %d is of group %d of %d", slot, n, groups)
		}
	}
	return a, nil
}

// keepAttributes writes the attributes of the committed state where the file that is there
// is behind by at least the given number of slots. It is called with s.mu held. A failure
// costs only speed.
func (s *Store) keepAttributes(ctx context.Context, behind int64) {
	if err := s.tryKeepAttributes(ctx, behind); err != nil {
		s.log.Warn("the attributes for fast filters could not be written", "index", s.dir, "error", err)
	}
}

func (s *Store) tryKeepAttributes(ctx context.Context, behind int64) error {
	sn, err := s.snapshot(ctx, false)
	if err != nil {
		return err
	}
	defer sn.release()
	h := s.header(sn.generation)
	if sn.slots < s.codesFrom {
		return nil
	}
	// Of a later state is what an older copy of the catalogue has been put beside.
	rows := attributeRows(s.attributePath(), h)
	if rows <= sn.slots && sn.slots-rows < behind {
		return nil
	}
	a, err := readAttributes(s.attributePath(), h)
	if err != nil || a.slots() > sn.slots {
		a = newAttributes(sn.generation)
	}
	if a, err = sn.extendAttributes(ctx, a); err != nil {
		return err
	}
	return atomicfile.Write(s.attributePath(), func(w io.Writer) error {
		_, err := w.Write(a.encode(h))
		return err
	})
}

// attributeRows is how many slots the file that is there covers, as far as its header
// tells.
func attributeRows(path string, want header) int64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	head := make([]byte, attributeHead)
	if _, err := io.ReadFull(f, head); err != nil || !bytes.Equal(head[16:40], newAttributes(want.generation).encode(want)[16:40]) {
		return 0
	}
	return int64(min(binary.LittleEndian.Uint64(head[40:]), 1<<62))
}
