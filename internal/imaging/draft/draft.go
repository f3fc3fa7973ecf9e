// Package draft decodes the JPEGs that cameras write at a quarter or an eighth of their size,
// sample for sample as libjpeg-turbo does with the same scale, in three quarters of its time.
//
// Nearly all of a reduced decoding is reading the Huffman codes of coefficients, most of which
// the small picture does not need. Here one look into a table gives two coefficients: codes, zeros
// before them and values together. They are put, dequantised, where the transform wants them, or
// nowhere.
//
// It knows baseline pictures in one scan: grey, or YCbCr with whole, halved or quartered colour
// (4:4:4, 4:2:2, 4:2:0), with and without restart markers. Everything else, and everything that
// is damaged, is ErrUnsupported and the business of a general decoder, which then has the last
// word on what is wrong.
package draft

import (
	"errors"
	"fmt"
)

// ErrUnsupported says that the picture must be decoded by other means, wrapped with the reason.
var ErrUnsupported = errors.New("not a plain baseline JPEG")

// Decode decodes data at 1/scale, 4 or 8, into pix: width by height pixels of three bytes, R, G
// and B, top row first, where width and height are those of the picture divided by scale and
// rounded up. After an error pix may hold a part of the picture. No error but ErrUnsupported
// is returned. It panics if pix has another length.
func Decode(pix []byte, width, height int, data []byte, scale int) error {
	if len(pix) != 3*width*height {
		panic(fmt.Sprintf("draft: %d bytes for %dx%d pixels", len(pix), width, height))
	}
	if scale != 4 && scale != 8 {
		return unsupported("scale 1/%d", scale)
	}
	var d decoder
	if err := d.readHeaders(data); err != nil {
		return err
	}
	if (d.width+scale-1)/scale != width || (d.height+scale-1)/scale != height {
		return unsupported("frame of %dx%d", d.width, d.height)
	}
	d.layOut(8 / scale)
	return d.picture(pix, width, height)
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnsupported}, args...)...)
}

// decoder holds one picture's tables, and one row of its MCUs (the units of interleaving: the
// blocks of all components that cover the same pixels).
type decoder struct {
	width, height   int // of the whole picture
	components      []component
	quant           [4]*[64]uint8 // in zigzag order
	dc, ac          [4]*huffman
	restartInterval int    // MCUs between restart markers; 0: none
	data            []byte // the whole file
	scan            int    // where its coded data begins

	mcuWidth, mcuHeight int // pixels of the reduced picture
	blocks              []place
	block               coefficients
	wide                [3][]byte // rows of colours that were enlarged
}

// component is a plane of samples: Y, Cb or Cr.
type component struct {
	id     byte
	h, v   int // blocks of an MCU
	quant  byte
	dc, ac *huffman

	side   int    // samples of the reduced picture that a block gives each way: 1, 2 or 4
	stride int    // samples of a row
	rows   []byte // the samples of one row of MCUs
	steps  steps
	last   int16 // the DC coefficient of the block before, dequantised
}

// place is a block's in its MCU.
type place struct {
	component *component
	at        int // where its samples are in the component's rows, in the first MCU
	next      int // and how much farther in the next
}

// layOut decides how many samples each block becomes, where a component that is not coarser
// than another gives side samples each way. As libjpeg does, a component with fewer blocks is
// reduced less where that makes up for them both ways, instead of being enlarged afterwards.
func (d *decoder) layOut(side int) {
	wide, high := d.components[0].h, d.components[0].v
	d.mcuWidth, d.mcuHeight = wide*side, high*side
	across := (d.width + 8*wide - 1) / (8 * wide)
	for i := range d.components {
		c := &d.components[i]
		c.side = side
		if wide == 2*c.h && high == 2*c.v {
			c.side = 2 * side
		}
		c.stride = across * c.h * c.side
		c.rows = make([]byte, c.stride*c.v*c.side)
		c.steps = newSteps(d.quant[c.quant], c.side)
		for y := range c.v {
			for x := range c.h {
				d.blocks = append(d.blocks, place{c, (y*c.stride + x) * c.side, c.h * c.side})
			}
		}
	}
}

// picture decodes the scan, a row of MCUs at a time.
func (d *decoder) picture(pix []byte, width, height int) error {
	across := d.components[0].stride / d.mcuWidth
	bits := bitReader{data: d.data, pos: d.scan}
	restarts, untilRestart := 0, d.restartInterval
	for top := 0; top < height; top += d.mcuHeight {
		for x := range across {
			if d.restartInterval > 0 {
				if untilRestart == 0 {
					if !bits.restart(restarts) {
						return unsupported("no restart marker %d at row %d", restarts, top)
					}
					for i := range d.components {
						d.components[i].last = 0
					}
					untilRestart = d.restartInterval
					restarts++
				}
				untilRestart--
			}
			for i := range d.blocks {
				b := &d.blocks[i]
				c := b.component
				if !bits.readBlock(c.dc, c.ac, &c.steps, &d.block) {
					return unsupported("damaged or cut at row %d of %d", top, height)
				}
				// Sums of 16 bits, as libjpeg's vector instructions have them.
				c.last += d.block.value[0]
				d.block.value[0] = c.last
				d.block.samples(c.rows[b.at+x*b.next:], c.stride, c.side)
			}
		}
		for y := range min(d.mcuHeight, height-top) {
			d.convertRow(pix[3*width*(top+y):][:3*width], y)
		}
	}
	return nil
}
