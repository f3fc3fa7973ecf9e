package heif

import (
	"fmt"
	"image"
	"slices"
)

// coded decodes one coded item, the corner of which lies at a point of the picture.
func (d *decoding) coded(it *item, properties []box, to target, at image.Point) error {
	size, err := it.size()
	if err != nil {
		return err
	}
	visible := image.Rectangle{Min: at, Max: at.Add(size)}.Intersect(to.crop).Sub(at)
	if visible.Empty() {
		return nil
	}
	p, err := d.planes(it, properties, size)
	if err != nil {
		return err
	}
	d.damaged = d.damaged || p.damaged
	if p.width < size.X || p.height < size.Y {
		return fmt.Errorf("the coded picture is %dx%d, its boxes say %v", p.width, p.height, size)
	}
	if to.channels == 3 {
		c, said := colourOf(properties)
		if !said {
			c = p.colour
		}
		if !d.converter.fits(&p, c) {
			if d.converter, err = newConverter(&p, c, it.kind == "av01"); err != nil {
				return err
			}
		}
	}
	// Alpha uses the full range, except in AV1 of early encoders, which say so. (HEVC
	// says nothing in most files, which would mean the limited range.)
	limited := it.kind == "av01" && !p.colour.full
	row := slices.Grow(d.row[:0], to.channels*visible.Max.X)[:to.channels*visible.Max.X]
	d.row = row
	for y := visible.Min.Y; y < visible.Max.Y; y++ {
		if to.channels == 3 {
			d.converter.row(row, &p, y)
		} else {
			d.scratch = p.alphaRow(row, y, d.scratch, limited)
		}
		to.write(row[to.channels*visible.Min.X:], at.X+visible.Min.X, at.Y+y)
	}
	return nil
}

// planes runs the codec of an item.
func (d *decoding) planes(it *item, properties []box, size image.Point) (planes, error) {
	c := coded{kind: it.kind, layer: 4, maxSamples: maxSamples(size)}
	data, err := d.meta.data(it)
	if err != nil {
		return planes{}, err
	}
	switch it.kind {
	case "hvc1", "hev1":
		c.kind = "hvc1"
	case "av01":
	default:
		return planes{}, unsupported(fmt.Sprintf("a picture coded as %q", it.kind))
	}
	coding, err := codingOf(c.kind, properties)
	if err != nil {
		return planes{}, err
	}
	if c.kind == "hvc1" {
		c.data, err = hevcUnits(coding.config, data)
		if err != nil {
			return planes{}, err
		}
	} else {
		c.data = av1Units(coding.config, data)
		c.operatingPoint, c.layer = av1Layers(properties)
	}
	memory := decoderBytes(c.kind, coding, size, len(c.data))
	if d.decoder == nil || d.kind != c.kind || d.decoder.bounds < memory {
		d.close()
		if d.decoder, err = newDecoder(d.ctx, c.kind, memory); err != nil {
			return planes{}, err
		}
		d.kind = c.kind
	}
	return d.decoder.decode(d.ctx, c)
}
