// Package gif reads the first picture of a GIF file as 8-bit RGB, as it lies on its
// screen. Unlike image/gif it takes what Pillow and browsers take: frames that reach
// beyond the screen, which grows as in Pillow, screens of no size, indices beyond the
// palette, unknown extensions, and files that end early.
//
// What the frame leaves of the screen is transparent, that is white, if the frame has
// a transparent colour, and else has the first colour of the palette.
package gif

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Config is the size of the screen, grown to the frame.
type Config struct {
	Width, Height int

	frame       frame
	palette     []byte // three bytes a colour; nil: index and grey are the same
	transparent int    // index; -1: none
	codeBits    int
	data        []byte // from the first block of codes on
}

// frame is where the picture lies on the screen.
type frame struct {
	x, y, width, height int
	interlaced          bool
}

// ReadConfig reads everything before the codes of the first frame.
func ReadConfig(data []byte) (c Config, err error) {
	if len(data) < 13 || string(data[:3]) != "GIF" {
		return c, errors.New("the file ends inside its header")
	}
	c.Width, c.Height = number(data[6:]), number(data[8:])
	c.transparent = -1
	rest := data[13:]
	if data[10]&0x80 != 0 {
		c.palette, rest = colours(rest, data[10])
	}
	for len(rest) > 0 {
		kind := rest[0]
		rest = rest[1:]
		switch kind {
		case ';':
			return c, errors.New("no picture before the end")
		case '!':
			rest = c.extension(rest)
		case ',':
			return c, c.readFrame(rest)
		}
	}
	return c, errors.New("the file ends before its first picture")
}

func number(b []byte) int { return int(binary.LittleEndian.Uint16(b)) }

// colours splits a palette off, which a file that is cut may not have whole.
func colours(b []byte, flags byte) (palette, rest []byte) {
	n := min(3<<(flags&7+1), len(b))
	return b[:n:n], b[n:]
}

// extension reads the one that matters, which may name a transparent colour.
func (c *Config) extension(b []byte) (rest []byte) {
	const graphicControl = 0xf9
	if len(b) >= 6 && b[0] == graphicControl && b[1] >= 4 && b[2]&1 == 1 {
		c.transparent = int(b[5])
	}
	if len(b) == 0 {
		return nil
	}
	r := blockReader{rest: b[1:]}
	for r.next() {
	}
	return r.rest
}

func (c *Config) readFrame(b []byte) error {
	if len(b) < 9 {
		return errors.New("the file ends inside the header of its first picture")
	}
	c.frame = frame{number(b), number(b[2:]), number(b[4:]), number(b[6:]), b[8]&0x40 != 0}
	f := c.frame
	if f.width == 0 || f.height == 0 {
		return fmt.Errorf("first picture of %dx%d", f.width, f.height)
	}
	c.Width, c.Height = max(c.Width, f.x+f.width), max(c.Height, f.y+f.height)
	rest := b[9:]
	if b[8]&0x80 != 0 {
		c.palette, rest = colours(rest, b[8])
	}
	if len(rest) == 0 {
		return errors.New("the file ends before the codes of its first picture")
	}
	c.codeBits, c.data = int(rest[0]), rest[1:]
	if c.codeBits < 1 || c.codeBits >= widest {
		return fmt.Errorf("codes of %d bits", c.codeBits)
	}
	return nil
}

// blockReader reads data that is cut into blocks of up to 255 bytes, the last of
// which is empty.
type blockReader struct {
	rest, block []byte
}

// next goes to the next block and reports whether there is one.
func (r *blockReader) next() bool {
	if len(r.rest) == 0 {
		return false
	}
	n := min(int(r.rest[0]), len(r.rest)-1)
	r.block, r.rest = r.rest[1:1+n], r.rest[1+n:]
	return n > 0
}

func (r *blockReader) ReadByte() (byte, error) {
	if len(r.block) == 0 && !r.next() {
		return 0, io.EOF
	}
	b := r.block[0]
	r.block = r.block[1:]
	return b, nil
}

// mostMissing is the share of the frame's rows that may be missing.
const mostMissing = 0.2

// Decode reads the picture as RGB, three bytes a pixel, top row first. Where rows of
// the frame are missing, but at most a fifth, it gives the picture and an error.
func Decode(data []byte) (pix []byte, c Config, err error) {
	c, err = ReadConfig(data)
	if err != nil {
		return nil, c, err
	}
	if err := c.checkBacking(); err != nil {
		return nil, c, err
	}
	table := c.table()
	pix = make([]byte, 3*c.Width*c.Height)
	c.background(pix, &table)
	f := c.frame
	z := newCodeReader(c.data, c.codeBits)
	indices := make([]byte, f.width)
	order := f.rows()
	for i, y := range order {
		if err := z.read(indices); err != nil {
			missing := f.height - i
			err = fmt.Errorf("%d of %d rows are missing: %w", missing, f.height, err)
			if float64(missing) > mostMissing*float64(f.height) {
				return nil, c, err
			}
			c.fill(pix, order[i:])
			return pix, c, err
		}
		out := pix[3*((f.y+y)*c.Width+f.x):][:3*f.width]
		for x, index := range indices {
			p := &table[index]
			out[3*x], out[3*x+1], out[3*x+2] = p[0], p[1], p[2]
		}
	}
	rest := z.blocks
	for rest.next() {
	}
	if len(rest.rest) == 0 {
		return pix, c, errors.New("the file has no end")
	}
	return pix, c, nil
}

// checkBacking refuses a frame that the codes cannot fill and a screen that is next
// to nothing but background, both of which cost a few bytes and could cost much memory.
func (c Config) checkBacking() error {
	const (
		pixelsOfByte = 2731    // 4096 pixels by a code of 12 bits
		smallScreen  = 1 << 24 // pixels
		mostScreens  = 64      // screens by frames
	)
	pixels := c.frame.width * c.frame.height
	if float64(pixels)*(1-mostMissing)-1 > pixelsOfByte*float64(len(c.data)) {
		return fmt.Errorf("%d bytes of codes cannot hold %dx%d pixels", len(c.data), c.frame.width, c.frame.height)
	}
	if screen := c.Width * c.Height; screen > max(smallScreen, mostScreens*pixels) {
		return fmt.Errorf("screen of %dx%d for a picture of %dx%d", c.Width, c.Height, c.frame.width, c.frame.height)
	}
	return nil
}

// table has the colour of each index: black beyond the palette, white if transparent.
func (c Config) table() (t [256][3]byte) {
	for i := range t {
		switch {
		case i == c.transparent:
			t[i] = [3]byte{255, 255, 255}
		case c.palette == nil:
			t[i] = [3]byte{byte(i), byte(i), byte(i)}
		case 3*i+3 <= len(c.palette):
			t[i] = [3]byte(c.palette[3*i:])
		}
	}
	return t
}

// background fills the screen where the frame leaves some of it.
func (c Config) background(pix []byte, table *[256][3]byte) {
	if f := c.frame; f.width == c.Width && f.height == c.Height {
		return
	}
	p := table[max(c.transparent, 0)]
	for i := 0; i < len(pix); i += 3 {
		pix[i], pix[i+1], pix[i+2] = p[0], p[1], p[2]
	}
}

// rows is the order that the rows come in.
func (f frame) rows() []int {
	passes := []struct{ first, step int }{{0, 1}}
	if f.interlaced {
		passes = []struct{ first, step int }{{0, 8}, {4, 8}, {2, 4}, {1, 2}}
	}
	order := make([]int, 0, f.height)
	for _, p := range passes {
		for y := p.first; y < f.height; y += p.step {
			order = append(order, y)
		}
	}
	return order
}

// fill gives missing rows of an interlaced picture, which are odd ones, the colours of
// those above. Others stay as the background is.
func (c Config) fill(pix []byte, missing []int) {
	f := c.frame
	if !f.interlaced {
		return
	}
	for _, y := range missing {
		if y%2 == 1 {
			at := 3 * ((f.y+y)*c.Width + f.x)
			copy(pix[at:at+3*f.width], pix[at-3*c.Width:])
		}
	}
}
