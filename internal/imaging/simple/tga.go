package simple

import (
	"encoding/binary"
	"slices"
)

// tga is what the header of a TGA file says (Truevision TGA file format, version 2.0).
type tga struct {
	kind          int // 1 palette, 2 colours, 3 grey; 8 more is run-length coded
	width, height int
	bits          int
	descriptor    byte
	palette       [][4]byte
	rest          []byte
}

// SniffTGA reports whether a file may be a TGA, which has no mark: its header makes sense.
// Ask only of files whose name says so.
func SniffTGA(head []byte) bool {
	if len(head) < 18 || head[1] > 1 || head[17]&0xc0 != 0 {
		return false
	}
	bits, mapped := head[16], head[1] == 1
	switch head[2] {
	case 1, 9:
		if !mapped || bits != 8 && bits != 16 {
			return false
		}
	case 2, 10:
		if bits != 15 && bits != 16 && bits != 24 && bits != 32 {
			return false
		}
	case 3, 11:
		if bits != 1 && bits != 8 && bits != 16 {
			return false
		}
	default:
		return false
	}
	if mapped {
		entry := head[7]
		if entry != 15 && entry != 16 && entry != 24 && entry != 32 {
			return false
		}
	} else if head[3] != 0 || head[4] != 0 || head[5] != 0 || head[6] != 0 {
		return false
	}
	return le16(head[12:]) > 0 && le16(head[14:]) > 0
}

func le16(b []byte) int { return int(binary.LittleEndian.Uint16(b)) }

func readTGA(data []byte) (t tga, err error) {
	if !SniffTGA(data) {
		return t, errHeader
	}
	t.kind, t.width, t.height = int(data[2]), le16(data[12:]), le16(data[14:])
	t.bits, t.descriptor = int(data[16]), data[17]
	t.rest = data[min(18+int(data[0]), len(data)):]
	if data[1] == 1 {
		first, n, entry := le16(data[3:]), le16(data[5:]), int(data[7])
		size := (entry + 7) / 8
		if n*size > len(t.rest) {
			return t, errHeader
		}
		t.palette = make([][4]byte, first+n)
		for i := range n {
			t.palette[first+i] = tgaColour(t.rest[i*size:], entry)
		}
		t.rest = t.rest[n*size:]
	}
	if t.bits == 1 {
		return t, unsupported("TGA of 1 bit")
	}
	return t, nil
}

// tgaColour reads blue, green, red and perhaps alpha. Of 16 bits, the highest set means
// transparent, as Pillow has it; nearly all files leave it clear.
func tgaColour(b []byte, bits int) [4]byte {
	switch bits {
	case 15, 16:
		v := le16(b)
		five := func(shift int) byte { return byte(v >> shift & 31 * 255 / 31) }
		alpha := byte(255)
		if bits == 16 && v&0x8000 != 0 {
			alpha = 0
		}
		return [4]byte{five(10), five(5), five(0), alpha}
	case 32:
		return [4]byte{b[2], b[1], b[0], b[3]}
	}
	return [4]byte{b[2], b[1], b[0], 255}
}

// pixel reads one from the file.
func (t *tga) pixel(b []byte) [4]byte {
	switch t.kind & 7 {
	case 1:
		i := int(b[0])
		if t.bits == 16 {
			i = le16(b)
		}
		if i < len(t.palette) {
			return t.palette[i]
		}
		return [4]byte{0, 0, 0, 255}
	case 3:
		if t.bits == 16 {
			return [4]byte{b[0], b[0], b[0], b[1]}
		}
		return [4]byte{b[0], b[0], b[0], 255}
	}
	return tgaColour(b, t.bits)
}

// TGASize reads the size of a TGA.
func TGASize(data []byte) (width, height int, err error) {
	t, err := readTGA(data)
	return t.width, t.height, err
}

// DecodeTGA reads a TGA as RGB, three bytes a pixel, top row first. An error beside the
// pixels says what is missing of them.
func DecodeTGA(data []byte) ([]byte, error) {
	t, err := readTGA(data)
	if err != nil {
		return nil, err
	}
	size := (t.bits + 7) / 8
	least := t.width * t.height * size
	if t.kind >= 8 { // a run of 128 pixels takes one, and a byte
		least = t.width * t.height / 128 * (size + 1)
	}
	pix, err := canvas(t.width, t.height, least, len(t.rest))
	if err != nil {
		return nil, err
	}
	n := t.width * t.height
	rgba := make([]byte, 0, 4*n)
	for len(rgba) < 4*n {
		count, run := 1, false
		if t.kind >= 8 {
			if len(t.rest) == 0 {
				break
			}
			count, run = int(t.rest[0]&0x7f)+1, t.rest[0]&0x80 != 0
			t.rest = t.rest[1:]
		}
		var p [4]byte
		for i := 0; i < count && len(rgba) < 4*n; i++ {
			if i == 0 || !run {
				if len(t.rest) < size {
					t.rest = nil
					break
				}
				p, t.rest = t.pixel(t.rest), t.rest[size:]
			}
			rgba = append(rgba, p[:]...)
		}
		if t.rest == nil {
			break
		}
	}
	rows := len(rgba) / 4 / t.width
	rgba = append(rgba[:4*t.width*rows], slices.Repeat([]byte{0, 0, 0, 255}, n-t.width*rows)...)
	over(pix, rgba)
	t.turn(pix)
	return judge(pix, rows, t.height)
}

// turn brings the rows, which begin at the bottom unless the descriptor says else, and
// the pixels in them into order.
func (t *tga) turn(pix []byte) {
	stride := 3 * t.width
	if t.descriptor&0x20 == 0 {
		swap := make([]byte, stride)
		for y := range t.height / 2 {
			a, b := pix[y*stride:][:stride], pix[(t.height-1-y)*stride:][:stride]
			copy(swap, a)
			copy(a, b)
			copy(b, swap)
		}
	}
	if t.descriptor&0x10 != 0 {
		for y := range t.height {
			row := pix[y*stride:][:stride]
			for i, j := 0, stride-3; i < j; i, j = i+3, j-3 {
				for k := range 3 {
					row[i+k], row[j+k] = row[j+k], row[i+k]
				}
			}
		}
	}
}
