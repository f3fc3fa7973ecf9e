package heif

import "image"

// canvas is a picture that is being put together: tightly packed 8-bit RGB, and
// alpha where there is some.
type canvas struct {
	width, height int
	pix           []byte
	alpha         []byte // nil: opaque
	premultiplied bool
}

func newCanvas(size image.Point) *canvas {
	return &canvas{width: size.X, height: size.Y, pix: make([]byte, 3*size.X*size.Y)}
}

// overWhite composites the picture on white, in place.
func (c *canvas) overWhite() {
	for i, a := range c.alpha {
		p := c.pix[3*i : 3*i+3]
		switch {
		case a == 255:
		case a == 0:
			p[0], p[1], p[2] = 255, 255, 255
		case c.premultiplied: // a colour above its alpha is a rounding, or damage
			p[0], p[1], p[2] = min(p[0], a)+255-a, min(p[1], a)+255-a, min(p[2], a)+255-a
		default:
			p[0], p[1], p[2] = blend(p[0], 255, a), blend(p[1], 255, a), blend(p[2], 255, a)
		}
	}
	c.alpha = nil
}

// blend is (over*alpha + under*(255-alpha))/255, with the 7 extra bits and the
// rounding of Pillow's alpha_composite.
func blend(over, under byte, alpha byte) byte {
	const bits = 7
	t := uint32(over)*(uint32(alpha)<<bits) + uint32(under)*(uint32(255-alpha)<<bits) + 0x80<<bits
	return byte((t>>8 + t) >> 8 >> bits)
}

// draw lays src over the picture, its corner at a point that may lie outside.
func (c *canvas) draw(src *canvas, at image.Point) {
	r := image.Rect(0, 0, src.width, src.height).Add(at).Intersect(image.Rect(0, 0, c.width, c.height))
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			i := (y-at.Y)*src.width + x - at.X
			from, to := src.pix[3*i:3*i+3], c.pix[3*(y*c.width+x):][:3]
			a := byte(255)
			if src.alpha != nil {
				a = src.alpha[i]
			}
			for k := range 3 {
				if src.premultiplied {
					to[k] = min(from[k], a) + blend(0, to[k], a)
				} else {
					to[k] = blend(from[k], to[k], a)
				}
			}
			if c.alpha != nil {
				j := y*c.width + x
				c.alpha[j] = a + blend(0, c.alpha[j], a)
			}
		}
	}
}

// transformed crops and turns a picture.
func (c *canvas) transformed(t transform) *canvas {
	if t.orientation == 1 && t.crop == image.Rect(0, 0, c.width, c.height) {
		return c
	}
	out := newCanvas(t.upright())
	out.premultiplied = c.premultiplied
	colours := target{out.pix, 3, t}
	if c.alpha != nil {
		out.alpha = make([]byte, out.width*out.height)
	}
	alpha := target{out.alpha, 1, t}
	for y := t.crop.Min.Y; y < t.crop.Max.Y; y++ {
		from, n := y*c.width+t.crop.Min.X, t.crop.Dx()
		colours.write(c.pix[3*from:3*(from+n)], t.crop.Min.X, y)
		if c.alpha != nil {
			alpha.write(c.alpha[from:from+n], t.crop.Min.X, y)
		}
	}
	return out
}
