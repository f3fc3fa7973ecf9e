package psd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Options says how Decode makes colours.
type Options struct {
	// CMYK turns inks, four bytes a pixel of which 255 is all of the ink, into RGB.
	// nil multiplies what the inks leave of white, as programs without profiles do.
	CMYK func(rgb, inks []byte)
}

// Decode returns the composite as rows of RGB, on white where it is transparent.
//
// Damage that leaves more than three quarters of the rows gives a picture, the rest
// of it white, and an error together.
func Decode(data []byte, o Options) ([]byte, error) {
	h, err := ReadHeader(data)
	if err != nil {
		return nil, err
	}
	transparent, body, err := h.layers()
	if err != nil {
		return nil, err
	}
	if !h.merged {
		return nil, fmt.Errorf("%w: it was saved without its composite (Maximize Compatibility)", ErrUnsupported)
	}
	n := h.Mode.colours()
	alpha := transparent && h.Channels > n
	if alpha {
		n++
	}
	rows, err := h.rows(body)
	if err != nil {
		return nil, err
	}
	dst := make([]byte, 3*h.Width*h.Height)
	c := converter{header: h, options: o, inks: make([]byte, 4*h.Width)}
	samples := make([][]byte, n)
	for i := range samples {
		samples[i] = make([]byte, rows.size)
	}
	var opacity []byte
	if alpha {
		opacity = make([]byte, h.Width*h.Height)
	}
	for y := range h.Height {
		out := dst[3*h.Width*y:][:3*h.Width]
		for i := range samples {
			if err := rows.read(samples[i], i, y); err != nil {
				return partial(dst, y, h, fmt.Errorf("row %d of channel %d: %w", y, i, err))
			}
		}
		c.row(out, samples[:h.Mode.colours()])
		if alpha {
			line := opacity[h.Width*y:][:h.Width]
			for x := range line {
				line[x] = c.sample(samples[n-1], x)
			}
		}
	}
	if alpha {
		onWhite(dst, opacity)
	}
	return dst, nil
}

// partial keeps a picture whose end is missing if most of it is there.
func partial(dst []byte, y int, h Header, err error) ([]byte, error) {
	if y*4 < h.Height*3 {
		return nil, err
	}
	rest := dst[3*h.Width*y:]
	for i := range rest {
		rest[i] = 255
	}
	return dst, err
}

// onWhite composites on white, unless that was done: Photoshop itself stores the
// colours of transparent pixels mixed with white already, and other programs as they
// are. No colour on white is darker than the pixel is opaque.
func onWhite(dst, opacity []byte) {
	const rounding = 2
	done := true
	for i, a := range opacity {
		p := dst[3*i : 3*i+3]
		if int(min(p[0], p[1], p[2]))+int(a) < 255-rounding {
			done = false
			break
		}
	}
	if done {
		return
	}
	for i, a := range opacity {
		p := dst[3*i : 3*i+3]
		for j, v := range p {
			p[j] = byte((uint32(v)*uint32(a) + 255*(255-uint32(a)) + 127) / 255)
		}
	}
}

// layers skips the layers and reports whether the channel after the colours is the
// composite's transparency: a negative number of layers says so, or a block of that
// name in documents of more than 8 bits.
func (h Header) layers() (transparent bool, rest []byte, err error) {
	be := binary.BigEndian
	b := h.rest
	size := func(b []byte) (uint64, int) {
		if h.Large && len(b) >= 8 {
			return be.Uint64(b), 8
		}
		if !h.Large && len(b) >= 4 {
			return uint64(be.Uint32(b)), 4
		}
		return math.MaxUint64, 0
	}
	n, width := size(b)
	if n > uint64(len(b)-width) || width == 0 {
		return false, nil, errors.New("the file ends before its composite")
	}
	b, rest = b[width:uint64(width)+n], b[uint64(width)+n:]
	info, width := size(b)
	if width == 0 || info > uint64(len(b)-width) {
		return false, rest, nil
	}
	if info >= 2 {
		return int16(be.Uint16(b[width:])) < 0, rest, nil
	}
	b = b[uint64(width)+info:]
	if mask, _, err := section(b, "mask"); err == nil {
		b = b[4+len(mask):]
	}
	return h.merges(b), rest, nil
}

// merges looks at the blocks after the layers.
func (h Header) merges(b []byte) bool {
	be := binary.BigEndian
	for len(b) >= 12 && (string(b[:4]) == "8BIM" || string(b[:4]) == "8B64") {
		key := string(b[4:8])
		n, start := uint64(be.Uint32(b[8:])), uint64(12)
		switch key {
		case "LMsk", "Lr16", "Lr32", "Layr", "Mt16", "Mt32", "Mtrn", "Alph", "FMsk", "lnk2", "FEid", "FXid", "PxSD":
			if h.Large {
				if len(b) < 16 {
					return false
				}
				n, start = be.Uint64(b[8:]), 16
			}
		}
		if n > uint64(len(b))-start {
			return false
		}
		switch v := b[start : start+n]; key {
		case "Mt16", "Mt32", "Mtrn":
			return true
		case "Lr16", "Lr32", "Layr":
			if len(v) >= 2 && int16(be.Uint16(v)) < 0 {
				return true
			}
		}
		b = b[min(start+(n+3)&^3, uint64(len(b))):]
	}
	return false
}

// rowReader gives the rows of the composite's channels, in any order.
type rowReader struct {
	size   int // bytes of a row
	height int
	raw    []byte // rows one after the other, or nil
	packed []byte // run-length coded rows, and where each of them starts
	starts []uint32
}

func (h Header) rows(b []byte) (rowReader, error) {
	r := rowReader{size: (h.Width*h.Depth + 7) / 8, height: h.Height}
	if len(b) < 2 {
		return r, errors.New("the file ends before its composite")
	}
	compression := binary.BigEndian.Uint16(b)
	b = b[2:]
	switch compression {
	case 0:
		r.raw = b
		return r, nil
	case 1:
	case 2, 3:
		return r, fmt.Errorf("%w: its composite is compressed with ZIP", ErrUnsupported)
	default:
		return r, fmt.Errorf("compression %d", compression)
	}
	width := 2
	if h.Large {
		width = 4
	}
	n := h.Channels * h.Height
	if len(b) < n*width {
		return r, errors.New("the file ends inside the table of its rows")
	}
	if uint64(len(b)) > math.MaxUint32 {
		return r, fmt.Errorf("%w: its composite is larger than 4 GiB", ErrUnsupported)
	}
	r.packed = b[n*width:]
	r.starts = make([]uint32, n+1)
	var at uint64
	for i := range n {
		r.starts[i] = uint32(at)
		if width == 4 {
			at += uint64(binary.BigEndian.Uint32(b[4*i:]))
		} else {
			at += uint64(binary.BigEndian.Uint16(b[2*i:]))
		}
		at = min(at, uint64(len(r.packed))) // rows beyond the end are empty
	}
	r.starts[n] = uint32(at)
	return r, nil
}

var errCut = errors.New("the file is cut off")

// read fills dst with a row of a channel.
func (r rowReader) read(dst []byte, channel, y int) error {
	i := channel*r.height + y
	if r.packed == nil {
		at := i * r.size
		if at > len(r.raw)-r.size {
			return errCut
		}
		copy(dst, r.raw[at:])
		return nil
	}
	return unpack(dst, r.packed[r.starts[i]:r.starts[i+1]])
}

// unpack reads a row by the PackBits scheme.
func unpack(dst, b []byte) error {
	for len(dst) > 0 {
		if len(b) < 2 {
			return errCut
		}
		switch n := int(int8(b[0])); {
		case n >= 0:
			n = min(n+1, len(dst))
			if len(b) < 1+n {
				return errCut
			}
			copy(dst, b[1:1+n])
			dst, b = dst[n:], b[1+n:]
		case n == -128:
			b = b[1:]
		default:
			n = min(1-n, len(dst))
			for i := range n {
				dst[i] = b[1]
			}
			dst, b = dst[n:], b[2:]
		}
	}
	return nil
}
