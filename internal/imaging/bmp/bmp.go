// Package bmp reads Windows and OS/2 bitmaps as 8-bit RGB: headers of every version,
// 1 to 32 bits a pixel, any masks, palettes that are too short, run lengths of 4, 8 and
// 24 bits, bottom up and top down.
//
// The reference is Pillow, which x/image/bmp reads a part of. Pixels that run lengths
// skip have the first colour of the palette. An alpha mask counts, unless every pixel's
// alpha is zero, which some writers leave where they mean none; 32 bits without masks
// have no alpha.
package bmp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrUnsupported is a file of a kind that is not read, wrapped with what kind.
var ErrUnsupported = errors.New("unsupported BMP")

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnsupported}, args...)...)
}

// compression is how pixels are stored.
type compression int

const (
	plain compression = iota
	rle8
	rle4
	masked
	rle24 // OS/2 alone
)

// Config is what the headers say.
type Config struct {
	Width, Height int

	topDown     bool
	bits        int
	compression compression
	masks       [4]uint32 // red, green, blue, alpha
	palette     []byte    // as it is in the file
	entry       int       // bytes of a colour in it
	pixels      int       // where they begin
}

const fileHeader = 14

// ReadConfig reads the headers.
func ReadConfig(data []byte) (c Config, err error) {
	if len(data) < fileHeader+12 || string(data[:2]) != "BM" {
		return c, errors.New("the file ends inside its headers")
	}
	size := int64(binary.LittleEndian.Uint32(data[fileHeader:]))
	switch size {
	case 12, 16, 40, 52, 56, 64, 108, 124:
	default:
		return c, unsupported("header of %d bytes", size)
	}
	if int64(len(data)) < fileHeader+size {
		return c, errors.New("the file ends inside its headers")
	}
	h := data[fileHeader : fileHeader+size]
	number := func(at int) uint32 {
		if at+4 > len(h) {
			return 0
		}
		return binary.LittleEndian.Uint32(h[at:])
	}
	height := int64(0)
	used, code := uint32(0), uint32(0)
	if size == 12 {
		c.Width = int(binary.LittleEndian.Uint16(h[4:]))
		height = int64(binary.LittleEndian.Uint16(h[6:]))
		c.bits = int(binary.LittleEndian.Uint16(h[10:]))
		c.entry = 3
	} else {
		c.Width = int(int32(number(4)))
		height = int64(int32(number(8)))
		c.bits = int(binary.LittleEndian.Uint16(h[14:]))
		code, used = number(16), number(32)
		c.entry = 4
	}
	if height < 0 {
		c.topDown, height = true, -height
	}
	if c.Width <= 0 || height == 0 || height > math.MaxInt32 {
		return c, fmt.Errorf("size %dx%d", c.Width, height)
	}
	c.Height = int(height)
	at := fileHeader + int(size)
	if err := c.readCompression(code, size, data, &at); err != nil {
		return c, err
	}
	if c.bits <= 8 {
		colours := 1 << c.bits
		if used > 0 && used < 1<<c.bits {
			colours = int(used)
		}
		c.palette = data[at:min(at+colours*c.entry, len(data))]
		at += colours * c.entry
	}
	c.pixels = at
	// Some writers forget the palette when they say where the pixels begin.
	if offset := binary.LittleEndian.Uint32(data[10:]); offset != 0 && (c.bits > 8 || int64(offset) != fileHeader+size) {
		c.pixels = int(min(offset, math.MaxInt32))
	}
	return c, nil
}

// readCompression reads the masks too, which may follow the header at at.
func (c *Config) readCompression(code uint32, size int64, data []byte, at *int) error {
	ok := false
	switch {
	case code == 0:
		c.compression = plain
		ok = c.bits == 1 || c.bits == 2 || c.bits == 4 || c.bits == 8 || c.bits == 16 || c.bits == 24 || c.bits == 32
		switch c.bits {
		case 16:
			c.masks = [4]uint32{0x7c00, 0x03e0, 0x001f, 0}
		case 32:
			c.masks = [4]uint32{0xff0000, 0x00ff00, 0x0000ff, 0}
		}
	case code == 1:
		c.compression, ok = rle8, c.bits == 8
	case code == 2:
		c.compression, ok = rle4, c.bits == 4
	case size == 64 && code == 3:
		return unsupported("fax compression")
	case size == 64 && code == 4:
		c.compression, ok = rle24, c.bits == 24
	case code == 3, code == 6:
		c.compression, ok = masked, c.bits == 16 || c.bits == 24 || c.bits == 32
		masks := data[fileHeader+40:] // in the header, or right behind the short one
		n := 3
		if code == 6 || size >= 56 {
			n = 4
		}
		if len(masks) < 4*n {
			return errors.New("the file ends inside its masks")
		}
		for i := range n {
			c.masks[i] = binary.LittleEndian.Uint32(masks[4*i:])
		}
		if size == 40 {
			*at += 4 * n
		}
		if c.masks == [4]uint32{} {
			c.masks = [4]uint32{0xff0000, 0x00ff00, 0x0000ff, 0}
		}
	case code == 4:
		return unsupported("JPEG inside")
	case code == 5:
		return unsupported("PNG inside")
	default:
		return unsupported("compression %d", code)
	}
	if !ok {
		return unsupported("%d bits with compression %d", c.bits, code)
	}
	return nil
}

// Decode reads the picture as RGB, three bytes a pixel, top row first. Where rows are
// missing, but at most a fifth of them, it gives the picture and an error.
func Decode(data []byte) (pix []byte, c Config, err error) {
	c, err = ReadConfig(data)
	if err != nil {
		return nil, c, err
	}
	rest := data[min(c.pixels, len(data)):]
	if err := c.checkBacking(len(rest)); err != nil {
		return nil, c, err
	}
	d := decoder{Config: c, data: rest, pix: make([]byte, 3*c.Width*c.Height)}
	d.readPalette()
	rows := 0
	switch c.compression {
	case rle4, rle8, rle24:
		rows = d.runs()
	default:
		rows = d.rows()
	}
	switch missing := c.Height - rows; {
	case float64(missing) > mostMissing*float64(c.Height):
		return nil, c, fmt.Errorf("%d of %d rows are missing", missing, c.Height)
	case missing > 0:
		return d.pix, c, fmt.Errorf("%d of %d rows are missing", missing, c.Height)
	}
	return d.pix, c, nil
}

// mostMissing is the share of rows that a picture may lack and still be given.
const mostMissing = 0.2

// stride is the length of a row that is not compressed: a multiple of four.
func (c Config) stride() int { return (c.Width*c.bits + 31) / 32 * 4 }

// checkBacking holds the size against what so many bytes of pixels can become.
func (c Config) checkBacking(n int) error {
	most := float64(n)
	need := (1-mostMissing)*float64(c.stride())*float64(c.Height) - 1 // less what rounding adds
	switch c.compression {
	case rle4, rle8, rle24:
		// Runs can skip most of a picture. That is not done with large ones.
		const always, each = 1 << 24, 1000
		need = float64(c.Width) * float64(c.Height)
		most = max(always, each*float64(n))
	}
	if need > most {
		return fmt.Errorf("%d bytes of data cannot hold %dx%d pixels", n, c.Width, c.Height)
	}
	return nil
}
