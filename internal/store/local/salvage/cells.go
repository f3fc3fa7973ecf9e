package salvage

import (
	"encoding/binary"
	"iter"
	"math"
)

// Types of pages that hold rows. Interior pages of tables hold none.
const (
	interiorIndex = 2
	leafIndex     = 10
	leafTable     = 13
)

// cell is where an entry begins in its page.
type cell struct {
	b       []byte // from there to the end of the page
	indexed bool
}

// cells yields the entries of a page, none of one that holds no rows.
func (d *Database) cells(page []byte, number int64) iter.Seq[cell] {
	return func(yield func(cell) bool) {
		head := 0
		if number == 1 {
			head = 100
		}
		kind := page[head]
		pointers := head + 8
		switch kind {
		case interiorIndex:
			pointers += 4
		case leafIndex, leafTable:
		default:
			return
		}
		n := int(binary.BigEndian.Uint16(page[head+3:]))
		if pointers+2*n > d.usable {
			return
		}
		for i := range n {
			at := int(binary.BigEndian.Uint16(page[pointers+2*i:]))
			if kind == interiorIndex {
				at += 4 // the page to the left
			}
			if at < pointers+2*n || at >= d.usable {
				continue
			}
			if !yield(cell{page[at:d.usable], kind != leafTable}) {
				return
			}
		}
	}
}

// varint reads SQLite's integers of one to nine bytes; n is 0 where b ends before.
func varint(b []byte) (v int64, n int) {
	var u uint64
	for i := range min(len(b), 9) {
		if i == 8 {
			return int64(u<<8 | uint64(b[i])), 9
		}
		u = u<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return int64(u), i + 1
		}
	}
	return 0, 0
}

// row reads an entry with the pages that it goes on to; ok is false where it is damaged.
func (d *Database) row(c cell, number int64) (r Row, ok bool, err error) {
	size, n := varint(c.b)
	if n == 0 || size < 1 || size > d.pages*int64(d.pageSize) {
		return r, false, nil
	}
	b := c.b[n:]
	r = Row{Page: number, Indexed: c.indexed}
	if !c.indexed {
		if r.RowID, n = varint(b); n == 0 {
			return r, false, nil
		}
		b = b[n:]
	}
	here := d.localSize(int(size), c.indexed)
	if here > len(b) {
		return r, false, nil
	}
	payload := b[:here]
	if here < int(size) {
		if payload, err = d.overflow(b, here, int(size)); payload == nil || err != nil {
			return r, false, err
		}
	}
	r.Values, ok = values(payload)
	return r, ok, nil
}

// localSize is how much of an entry lies in its own page.
func (d *Database) localSize(size int, indexed bool) int {
	most := d.usable - 35
	if indexed {
		most = (d.usable-12)*64/255 - 23
	}
	if size <= most {
		return size
	}
	least := (d.usable-12)*32/255 - 23
	if k := least + (size-least)%(d.usable-4); k <= most {
		return k
	}
	return least
}

// overflow follows the pages that an entry goes on to. It is nil where one is damaged.
func (d *Database) overflow(b []byte, here, size int) ([]byte, error) {
	if len(b) < here+4 {
		return nil, nil
	}
	out := append(make([]byte, 0, min(size, 1<<20)), b[:here]...)
	next := int64(binary.BigEndian.Uint32(b[here:]))
	page := make([]byte, d.pageSize)
	for len(out) < size {
		ok, err := d.page(next, page)
		if !ok || err != nil || d.free[next] {
			return nil, err
		}
		next = int64(binary.BigEndian.Uint32(page))
		out = append(out, page[4:min(d.usable, 4+size-len(out))]...)
	}
	return out, nil
}

// values reads the columns of a record; ok is false where its lengths do not agree.
func values(payload []byte) (out []any, ok bool) {
	size, n := varint(payload)
	if n == 0 || size < int64(n) || size > int64(len(payload)) {
		return nil, false
	}
	types, body := payload[n:size], payload[size:]
	for len(types) > 0 {
		kind, n := varint(types)
		if n == 0 {
			return nil, false
		}
		types = types[n:]
		v, used, ok := value(kind, body)
		if !ok {
			return nil, false
		}
		out, body = append(out, v), body[used:]
	}
	return out, len(body) == 0
}

func value(kind int64, b []byte) (v any, used int, ok bool) {
	sizes := [...]int{0, 1, 2, 3, 4, 6, 8, 8, 0, 0}
	switch {
	case kind < 0 || kind == 10 || kind == 11:
		return nil, 0, false
	case kind >= 12:
		n := (kind - 12) / 2
		if n > int64(len(b)) {
			return nil, 0, false
		}
		if kind%2 == 0 {
			return append([]byte{}, b[:n]...), int(n), true
		}
		return string(b[:n]), int(n), true
	}
	n := sizes[kind]
	if n > len(b) {
		return nil, 0, false
	}
	switch kind {
	case 0:
		return nil, 0, true
	case 7:
		return math.Float64frombits(binary.BigEndian.Uint64(b)), n, true
	case 8, 9:
		return kind - 8, 0, true
	}
	x := int64(int8(b[0]))
	for _, c := range b[1:n] {
		x = x<<8 | int64(c)
	}
	return x, n, true
}
