// Package rawtest makes small RAW files for tests: the containers of each maker with
// JPEGs of the test's own in the places of the previews.
package rawtest

import (
	"encoding/binary"
	"slices"
)

// Order is a byte order that numbers can be appended in.
type Order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// Dir is a TIFF directory to be written.
type Dir []Tag

// Tag is one entry. The type of Value chooses the entry's: uint16 is a SHORT,
// []uint16 are several, uint32 and []uint32 LONGs, string ASCII, []byte UNDEFINED,
// Dir a LONG that leads to a directory, []Dir several, Blob a LONG that leads to
// bytes, and func(at int) []byte UNDEFINED bytes that know where they lie.
type Tag struct {
	ID    uint16
	Value any
}

// Blob are bytes elsewhere in the file.
type Blob []byte

// AppendDirs appends a chain of directories to the start of a block, and returns the
// block and where the first of them lies.
func AppendDirs(block []byte, order Order, chain ...Dir) ([]byte, int) {
	w := writer{block, order}
	first, next := 0, 0
	for i, d := range chain {
		at, end := w.dir(d)
		if i == 0 {
			first = at
		} else {
			order.PutUint32(w.out[next:], uint32(at))
		}
		next = end
	}
	return w.out, first
}

// TIFF is a block with TIFF's header, or another's of that length or longer. The
// first two bytes say the byte order, and four bytes from the fourth on are set.
func TIFF(header string, chain ...Dir) []byte {
	var order Order = binary.LittleEndian
	if header[0] == 'M' {
		order = binary.BigEndian
	}
	out, first := AppendDirs([]byte(header), order, chain...)
	order.PutUint32(out[4:], uint32(first))
	return out
}

type writer struct {
	out   []byte
	order Order
}

// dir writes a directory and returns its place and that of its link to the next.
func (w *writer) dir(d Dir) (at, next int) {
	d = slices.Clone(d)
	slices.SortStableFunc(d, func(a, b Tag) int { return int(a.ID) - int(b.ID) })
	w.pad()
	at = len(w.out)
	next = at + 2 + 12*len(d)
	w.out = append(w.out, make([]byte, 2+12*len(d)+4)...)
	w.order.PutUint16(w.out[at:], uint16(len(d)))
	for i, tag := range d {
		kind, count, value := w.value(tag.Value)
		e := at + 2 + 12*i
		w.order.PutUint16(w.out[e:], tag.ID)
		w.order.PutUint16(w.out[e+2:], kind)
		w.order.PutUint32(w.out[e+4:], uint32(count))
		if len(value) <= 4 {
			copy(w.out[e+8:], value)
			continue
		}
		w.pad()
		w.order.PutUint32(w.out[e+8:], uint32(len(w.out)))
		w.out = append(w.out, value...)
	}
	return at, next
}

func (w *writer) pad() {
	if len(w.out)%2 == 1 {
		w.out = append(w.out, 0)
	}
}

func (w *writer) value(v any) (kind uint16, count int, b []byte) {
	switch v := v.(type) {
	case uint16:
		return 3, 1, w.order.AppendUint16(nil, v)
	case []uint16:
		for _, x := range v {
			b = w.order.AppendUint16(b, x)
		}
		return 3, len(v), b
	case uint32:
		return 4, 1, w.order.AppendUint32(nil, v)
	case []uint32:
		for _, x := range v {
			b = w.order.AppendUint32(b, x)
		}
		return 4, len(v), b
	case string:
		return 2, len(v) + 1, append([]byte(v), 0)
	case []byte:
		return 7, len(v), v
	case Blob:
		w.pad()
		at := len(w.out)
		w.out = append(w.out, v...)
		return 4, 1, w.order.AppendUint32(nil, uint32(at))
	case Dir:
		at, _ := w.dir(v)
		return 4, 1, w.order.AppendUint32(nil, uint32(at))
	case []Dir:
		for _, d := range v {
			at, _ := w.dir(d)
			b = w.order.AppendUint32(b, uint32(at))
		}
		return 4, len(v), b
	case func(at int) []byte:
		w.pad()
		b := v(len(w.out))
		return 7, len(b), b
	}
	panic("rawtest: no such type of value")
}
