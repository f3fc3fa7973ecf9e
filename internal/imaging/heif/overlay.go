package heif

import (
	"fmt"
	"image"
	"slices"
)

// overlay lays items over each other on a canvas of one colour (ISO/IEC 23008-12,
// 6.6.2.2).
func (d *decoding) overlay(it *item) (*canvas, error) {
	data, err := d.meta.data(it)
	if err != nil {
		return nil, err
	}
	r := reader{b: data}
	r.u8()
	number := 2 << (r.u8() & 1)
	var fill [4]byte
	for i := range fill {
		fill[i] = byte(r.u16() >> 8)
	}
	size := image.Pt(int(r.uint(number)), int(r.uint(number)))
	if want, err := it.size(); err != nil || size != want {
		return nil, fmt.Errorf("an overlay of %v, its boxes say %v", size, want)
	}
	c := newCanvas(size)
	for i := range c.width * c.height {
		copy(c.pix[3*i:], fill[:3])
	}
	if fill[3] != 255 {
		c.alpha = slices.Repeat(fill[3:], c.width*c.height)
	}
	for _, id := range d.meta.targets("dimg", it.id) {
		at := image.Pt(signed(r.uint(number), number), signed(r.uint(number), number))
		if err := r.err("iovl"); err != nil {
			return nil, err
		}
		part, err := d.upright(id)
		if err != nil {
			return nil, err
		}
		c.draw(part, at)
	}
	return c, r.err("iovl")
}

func signed(v uint64, bytes int) int {
	if bytes == 2 {
		return int(int16(v))
	}
	return int(int32(v))
}
