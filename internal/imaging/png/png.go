// Package png reads the picture of a PNG file as 8-bit RGB. Unlike image/png it
// converts row by row, so that memory holds little but the result whatever the depth
// and interlacing; it checks that the data can be what the header claims before it
// allocates; and it shows what libpng, Pillow and browsers show of files that are
// damaged: without an end, with wrong checksums, with too much data or a little too
// little.
//
// Transparency lies on white, and 16-bit samples keep their high byte. Of an animation
// the default picture is read, which viewers without animation show.
package png

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// ErrUnsupported is a file of a kind that is not read, wrapped with what kind.
var ErrUnsupported = errors.New("unsupported PNG")

// signature begins every file.
const signature = "\x89PNG\r\n\x1a\n"

// Colour types (PNG specification, table 11.1).
const (
	grey      = 0
	rgbColour = 2
	palette   = 3
	greyAlpha = 4
	rgbAlpha  = 6
)

// Config is what the header says.
type Config struct {
	Width, Height int

	depth, colour int
	interlaced    bool
}

// ReadConfig reads the header. Its checksum is Decode's to check, so that a size beyond
// a limit is reported as such.
func ReadConfig(data []byte) (Config, error) {
	if len(data) < 33 || string(data[:8]) != signature {
		return Config{}, errors.New("no header")
	}
	name, payload := string(data[12:16]), data[16:29]
	if name == "CgBI" {
		return Config{}, fmt.Errorf("%w: Apple's CgBI, which only its own programs read", ErrUnsupported)
	}
	if n := binary.BigEndian.Uint32(data[8:]); name != "IHDR" || n != 13 {
		return Config{}, fmt.Errorf("the first chunk is %q of %d bytes", name, n)
	}
	w, h := binary.BigEndian.Uint32(payload), binary.BigEndian.Uint32(payload[4:])
	if w == 0 || h == 0 || w > math.MaxInt32 || h > math.MaxInt32 {
		return Config{}, fmt.Errorf("size %dx%d", w, h)
	}
	c := Config{Width: int(w), Height: int(h), depth: int(payload[8]), colour: int(payload[9]), interlaced: payload[12] == 1}
	switch {
	case payload[10] != 0 || payload[11] != 0 || payload[12] > 1:
		return c, fmt.Errorf("compression %d, filter %d, interlacing %d", payload[10], payload[11], payload[12])
	case !c.valid():
		return c, fmt.Errorf("colour type %d of %d bits", c.colour, c.depth)
	}
	return c, nil
}

// valid reports whether the depth is one of the colour type's.
func (c Config) valid() bool {
	switch c.depth {
	case 1, 2, 4:
		return c.colour == grey || c.colour == palette
	case 8:
		return c.samples() > 0
	case 16:
		return c.samples() > 0 && c.colour != palette
	}
	return false
}

// samples is the number of samples a pixel, 0 for colour types that do not exist.
func (c Config) samples() int {
	switch c.colour {
	case grey, palette:
		return 1
	case greyAlpha:
		return 2
	case rgbColour:
		return 3
	case rgbAlpha:
		return 4
	}
	return 0
}

// rowBytes is the length of a row of so many pixels, without its filter.
func (c Config) rowBytes(pixels int) int {
	return (pixels*c.samples()*c.depth + 7) / 8
}

// Decode reads the picture as RGB, three bytes a pixel, top row first. Where the file
// is damaged but at least four fifths of the pixels are there, it gives the picture
// and an error that says what is wrong.
func Decode(data []byte) (pix []byte, c Config, err error) {
	c, err = ReadConfig(data)
	if err != nil {
		return nil, c, err
	}
	if crc32.ChecksumIEEE(data[12:29]) != binary.BigEndian.Uint32(data[29:]) {
		return nil, c, errors.New("wrong checksum of the header")
	}
	f := readChunks(data)
	if len(f.data) == 0 {
		return nil, c, errors.New("no picture data")
	}
	d := decoder{Config: c, source: &chunkReader{chunks: f.data}}
	if d.convert, err = newConverter(c, f); err != nil {
		return nil, c, err
	}
	if err := d.checkBacking(f.data); err != nil {
		return nil, c, err
	}
	if err := d.picture(); err != nil {
		if d.missing() > mostMissing+1e-9 {
			return nil, c, fmt.Errorf("%.0f %% of the picture is missing: %w", 100*d.missing(), err)
		}
		if d.missing() > 0 {
			return d.pix, c, fmt.Errorf("%.1f %% of the picture is missing: %w", 100*d.missing(), err)
		}
		return d.pix, c, err
	}
	return d.pix, c, f.damage
}
