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

// crop returns a part of the picture, without alpha. It moves the rows down in the
// memory that they have.
func (c *canvas) crop(r image.Rectangle) *canvas {
	if r == image.Rect(0, 0, c.width, c.height) {
		return c
	}
	w, h := r.Dx(), r.Dy()
	for y := range h {
		from := c.pix[3*((r.Min.Y+y)*c.width+r.Min.X):][:3*w]
		copy(c.pix[3*y*w:], from)
	}
	n := 3 * w * h
	return &canvas{width: w, height: h, pix: c.pix[:n:n]}
}

// setAlpha gives the picture an alpha plane of any size, scaled to its own by the
// nearest sample.
func (c *canvas) setAlpha(alpha []byte, size image.Point) {
	if size == image.Pt(c.width, c.height) {
		c.alpha = alpha
		return
	}
	c.alpha = make([]byte, c.width*c.height)
	for y := range c.height {
		row := alpha[y*size.Y/c.height*size.X:][:size.X]
		out := c.alpha[y*c.width:][:c.width]
		for x := range out {
			out[x] = row[x*size.X/c.width]
		}
	}
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

// transformed crops and turns a picture that is a part of another one.
func (c *canvas) transformed(t transform) *canvas {
	size := t.crop.Size()
	if t.orientation == 1 && size == image.Pt(c.width, c.height) {
		return c
	}
	out := newCanvas(uprightSize(size, t.orientation))
	if c.alpha != nil {
		out.alpha = make([]byte, out.width*out.height)
	}
	out.premultiplied = c.premultiplied
	upright := image.Pt(out.width, out.height)
	for y := range out.height {
		for x := range out.width {
			p := storedRect(image.Rect(x, y, x+1, y+1), size, t.orientation).Min.Add(t.crop.Min)
			i, j := p.Y*c.width+p.X, y*upright.X+x
			copy(out.pix[3*j:3*j+3], c.pix[3*i:3*i+3])
			if c.alpha != nil {
				out.alpha[j] = c.alpha[i]
			}
		}
	}
	return out
}
