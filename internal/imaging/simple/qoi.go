package simple

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"

	"github.com/sightline/sightline/internal/imaging/rgb"
)

// SniffQOI reports whether a file begins like a QOI.
func SniffQOI(head []byte) bool { return len(head) >= 14 && bytes.HasPrefix(head, []byte("qoif")) }

// QOISize reads the size of a QOI.
func QOISize(data []byte) (width, height int, err error) {
	if !SniffQOI(data) {
		return 0, 0, errHeader
	}
	w, h := binary.BigEndian.Uint32(data[4:]), binary.BigEndian.Uint32(data[8:])
	return int(min(w, math.MaxInt32)), int(min(h, math.MaxInt32)), nil
}

// DecodeQOI reads a QOI (qoiformat.org, version 1.0) as RGB, three bytes a pixel, top row
// first. An error beside the pixels says what is missing of them.
func DecodeQOI(data []byte) ([]byte, error) {
	width, height, err := QOISize(data)
	if err != nil {
		return nil, err
	}
	rest := data[14:]
	pix, err := canvas(width, height, width*height/62, len(rest)) // a run has 62 pixels
	if err != nil {
		return nil, err
	}
	n := width * height
	rgba := make([]byte, 0, 4*n)
	var seen [64][4]byte
	p := [4]byte{0, 0, 0, 255}
	for len(rgba) < 4*n && len(rest) > 0 {
		op, count := rest[0], 1
		rest = rest[1:]
		short := false
		take := func(k int) []byte {
			if short = len(rest) < k; short {
				return make([]byte, k)
			}
			b := rest[:k]
			rest = rest[k:]
			return b
		}
		switch {
		case op == 0xfe:
			copy(p[:3], take(3))
		case op == 0xff:
			copy(p[:], take(4))
		case op>>6 == 0:
			p = seen[op]
		case op>>6 == 1:
			p[0], p[1], p[2] = p[0]+op>>4&3-2, p[1]+op>>2&3-2, p[2]+op&3-2
		case op>>6 == 2:
			b, green := take(1)[0], op&63-32
			p[0], p[1], p[2] = p[0]+green-8+b>>4, p[1]+green, p[2]+green-8+b&15
		default:
			count = int(op&63) + 1
		}
		if short {
			break
		}
		seen[(int(p[0])*3+int(p[1])*5+int(p[2])*7+int(p[3])*11)%64] = p
		for range min(count, n-len(rgba)/4) {
			rgba = append(rgba, p[:]...)
		}
	}
	rows := len(rgba) / 4 / width
	rgba = append(rgba[:4*width*rows], slices.Repeat([]byte{0, 0, 0, 255}, n-width*rows)...)
	rgb.Straight(pix, rgba, 4)
	return judge(pix, rows, height)
}
