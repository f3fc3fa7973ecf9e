package local

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/sightline/sightline/internal/store"
)

// The attribute file holds attributes, so that a search need not read them from the
// catalogue. It is a cacheFile with two fields, the number of rows and the number of
// groups. The checksum covers all of it.
//
// Behind the header lie the entries of the rows, and the groups: for each its folder, its
// format, and a text that is empty where its records have no date of their own, all with
// their length as a varint before them. The first group, which stands for what is not
// known, is left out.

// encode returns the attributes as a file.
func (a *attributes) encode(h header) []byte {
	body := make([]byte, 0, len(a.entries)+64*len(a.groups))
	body = append(body, a.entries...)
	dated := map[bool]string{true: "dated"}
	for _, g := range a.groups[1:] {
		for _, text := range []string{g.folder, g.format, dated[g.dated]} {
			body = binary.AppendUvarint(body, uint64(len(text)))
			body = append(body, text...)
		}
	}
	return append(attributeFile.head(h, body, a.rowCount(), int64(len(a.groups)-1)), body...)
}

// readAttributes returns the attributes in the file.
func (s *Store) readAttributes(want header) (*attributes, error) {
	fields, body, err := attributeFile.read(s, want)
	if err != nil {
		return nil, err
	}
	a, err := decodeAttributes(fields, body, want.generation)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", store.ErrDamaged, attributeFile.path(s), err)
	}
	return a, nil
}

// decodeAttributes reads what lies behind the header.
func decodeAttributes(fields []int64, b []byte, generation int64) (*attributes, error) {
	a := newAttributes(generation)
	rowCount, groups := uint64(fields[0]), uint64(fields[1])
	if rowCount > uint64(len(b))/attributeEntry || groups > uint64(len(b)) {
		return nil, fmt.Errorf("%d bytes are too few for %d rows and %d groups", len(b), rowCount, groups)
	}
	end := attributeEntry * rowCount
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
	for rowID := range int64(rowCount) {
		switch n := binary.LittleEndian.Uint32(a.entries[attributeEntry*rowID+12:]); {
		case n == 0:
			a.unknown = append(a.unknown, rowID)
		case uint64(n) > groups:
			return nil, fmt.Errorf("row %d is of group %d of %d", rowID, n, groups)
		}
	}
	return a, nil
}

// keepAttributes writes the file where it is behind by at least the given number of
// rows: see cacheFile.keep.
func (s *Store) keepAttributes(ctx context.Context, behind int64) {
	attributeFile.keep(ctx, s, func(sn *snapshot, h header) (func(io.Writer) error, error) {
		// Of a later state is what an older copy of the catalogue has been put beside.
		rows := s.attributeRows(h)
		if rows <= sn.rowCount && sn.rowCount-rows < behind {
			return nil, nil
		}
		a, err := s.readAttributes(h)
		if err != nil || a.rowCount() > sn.rowCount {
			a = newAttributes(sn.generation)
		}
		if a, err = sn.extendAttributes(ctx, a); err != nil {
			return nil, err
		}
		return writeParts(a.encode(h)), nil
	})
}

// attributeRows is how many rows the file covers, as far as its header tells.
func (s *Store) attributeRows(want header) int64 {
	f, err := attributeFile.open(s, want)
	if err != nil {
		return 0
	}
	defer f.Close()
	return min(f.fields[0], 1<<62)
}
