package heif

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// box is one box of the ISO base media file format (ISO/IEC 14496-12).
type box struct {
	name    string
	payload []byte
}

// full splits the version and the flags off a full box.
func (b box) full() (version byte, flags uint32, rest []byte, err error) {
	if len(b.payload) < 4 {
		return 0, 0, nil, fmt.Errorf("short %s box", b.name)
	}
	v := binary.BigEndian.Uint32(b.payload)
	return byte(v >> 24), v & 0xffffff, b.payload[4:], nil
}

// nextBox splits the first box off b.
func nextBox(b []byte) (first box, rest []byte, err error) {
	if len(b) < 8 {
		return box{}, nil, errors.New("file ends inside a box header")
	}
	size, start := uint64(binary.BigEndian.Uint32(b)), uint64(8)
	name := string(b[4:8])
	switch size {
	case 0: // to the end
		size = uint64(len(b))
	case 1:
		if len(b) < 16 {
			return box{}, nil, errors.New("file ends inside a box header")
		}
		size, start = binary.BigEndian.Uint64(b[8:]), 16
	}
	if size < start || size > uint64(len(b)) {
		return box{}, nil, fmt.Errorf("box %q of %d bytes, %d left", name, size, len(b))
	}
	return box{name, b[start:size]}, b[size:], nil
}

// maxBoxes bounds what one box may hold: a grid of the largest size has a few
// properties, and a burst a few hundred pictures.
const maxBoxes = 1 << 16

func listBoxes(b []byte) ([]box, error) {
	var list []box
	for len(b) > 0 {
		first, rest, err := nextBox(b)
		if err != nil {
			return nil, err
		}
		if len(list) == maxBoxes {
			return nil, fmt.Errorf("more than %d boxes", maxBoxes)
		}
		list = append(list, first)
		b = rest
	}
	return list, nil
}

// findBox returns the first box of that name. It does not look beyond it, so that
// a cut at the end of a file does not hide its header.
func findBox(b []byte, name string) (box, error) {
	for len(b) > 0 {
		first, rest, err := nextBox(b)
		if err != nil {
			return box{}, fmt.Errorf("look for box %q: %w", name, err)
		}
		if first.name == name {
			return first, nil
		}
		b = rest
	}
	return box{}, fmt.Errorf("no box %q", name)
}

// findPath descends: each name is looked for inside the box before.
func findPath(b []byte, names ...string) (box, error) {
	found := box{payload: b}
	for _, name := range names {
		next, err := findBox(found.payload, name)
		if err != nil {
			return box{}, err
		}
		found = next
	}
	return found, nil
}

// reader takes big-endian numbers off a slice. After the first one that is not
// there, all are zero and short is set.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || len(r.b) < n {
		r.short, r.b = true, nil
		return nil
	}
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

// uint reads a number of 0 to 8 bytes.
func (r *reader) uint(bytes int) uint64 {
	var v uint64
	for _, c := range r.take(bytes) {
		v = v<<8 | uint64(c)
	}
	return v
}

func (r *reader) u8() byte    { return byte(r.uint(1)) }
func (r *reader) u16() uint16 { return uint16(r.uint(2)) }
func (r *reader) u32() uint32 { return uint32(r.uint(4)) }

// err is what a box that ended too early is reported with.
func (r *reader) err(name string) error {
	if r.short {
		return fmt.Errorf("short %s box", name)
	}
	return nil
}
