package bmp

import (
	"encoding/binary"
	"math/bits"

	"github.com/sightline/sightline/internal/imaging/rgb"
)

type decoder struct {
	Config
	data    []byte // from the first pixel on
	pix     []byte
	colours [256][3]byte
}

// readPalette leaves black what the palette lacks, as Pillow does.
func (d *decoder) readPalette() {
	for i := 0; i < 256 && (i+1)*d.entry <= len(d.palette); i++ {
		p := d.palette[i*d.entry:]
		d.colours[i] = [3]byte{p[2], p[1], p[0]}
	}
}

// row is where the y-th row of the file goes.
func (d *decoder) row(y int) []byte {
	if !d.topDown {
		y = d.Height - 1 - y
	}
	return d.pix[3*y*d.Width:][:3*d.Width]
}

// rows reads rows that are not compressed, and says how many there were.
func (d *decoder) rows() int {
	stride := d.stride()
	convert := d.converter(stride)
	for y := range d.Height {
		in := d.data[min(y*stride, len(d.data)):]
		if need := (d.Width*d.bits + 7) / 8; len(in) < need {
			return y
		}
		convert(d.row(y), in)
	}
	return d.Height
}

func (d *decoder) converter(stride int) func(out, in []byte) {
	switch d.bits {
	case 1, 2, 4, 8:
		return d.indices
	case 24:
		if d.compression == plain || d.masks[0] == 0xff0000 && d.masks[1] == 0xff00 && d.masks[2] == 0xff {
			return func(out, in []byte) {
				for i := 0; i < len(out); i += 3 {
					out[i], out[i+1], out[i+2] = in[i+2], in[i+1], in[i]
				}
			}
		}
	case 32:
		if d.masks == [4]uint32{0xff0000, 0x00ff00, 0x0000ff, 0} {
			return func(out, in []byte) {
				for i, j := 0, 0; i < len(out); i, j = i+3, j+4 {
					out[i], out[i+1], out[i+2] = in[j+2], in[j+1], in[j]
				}
			}
		}
	}
	return d.maskedRows(stride)
}

// indices looks pixels of 1, 2, 4 or 8 bits up in the palette.
func (d *decoder) indices(out, in []byte) {
	mask := byte(1<<d.bits - 1)
	for i, bit := 0, 0; i < len(out); i, bit = i+3, bit+d.bits {
		c := &d.colours[in[bit/8]>>(8-d.bits-bit%8)&mask]
		out[i], out[i+1], out[i+2] = c[0], c[1], c[2]
	}
}

// field is a sample within a pixel: where it begins and its greatest value.
type field struct {
	shift int
	most  uint32
}

func newField(mask uint32) field {
	if mask == 0 {
		return field{}
	}
	shift := bits.TrailingZeros32(mask)
	return field{shift, mask >> shift}
}

// scale brings the sample to 8 bits, rounding down as Pillow does.
func (f field) scale(pixel uint32) byte {
	switch f.most {
	case 0:
		return 0
	case 255:
		return byte(pixel >> f.shift)
	}
	return byte(uint64(pixel>>f.shift&f.most) * 255 / uint64(f.most))
}

// maskedRows reads pixels of 16, 24 or 32 bits by their masks.
func (d *decoder) maskedRows(stride int) func(out, in []byte) {
	var fields [4]field
	for i, m := range d.masks {
		fields[i] = newField(m)
	}
	size := d.bits / 8
	pixel := func(in []byte) uint32 {
		switch size {
		case 2:
			return uint32(binary.LittleEndian.Uint16(in))
		case 3:
			return uint32(in[0]) | uint32(in[1])<<8 | uint32(in[2])<<16
		}
		return binary.LittleEndian.Uint32(in)
	}
	opaque := d.masks[3] == 0 || !d.anyAlpha(pixel, size, stride)
	return func(out, in []byte) {
		for i, j := 0, 0; i < len(out); i, j = i+3, j+size {
			p := pixel(in[j:])
			c := [4]byte{fields[0].scale(p), fields[1].scale(p), fields[2].scale(p), 255}
			if !opaque {
				c[3] = fields[3].scale(p)
			}
			rgb.Straight(out[i:i+3], c[:], 4)
		}
	}
}

// anyAlpha reports whether a pixel has another alpha than zero.
func (d *decoder) anyAlpha(pixel func([]byte) uint32, size, stride int) bool {
	for y := range d.Height {
		in := d.data[min(y*stride, len(d.data)):]
		for x := 0; x < d.Width && (x+1)*size <= len(in); x++ {
			if pixel(in[x*size:])&d.masks[3] != 0 {
				return true
			}
		}
	}
	return false
}
