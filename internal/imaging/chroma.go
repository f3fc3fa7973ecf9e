package imaging

import (
	"image"
	"image/color"
)

// chromaRows brings the chroma planes of a picture to the size of its luma plane,
// row by row. Between the samples of 4:2:0 and 4:2:2 it interpolates, with the
// arithmetic of libwebp's upsampler (a hair from libjpeg's); the rarer layouts
// repeat the nearest sample.
type chromaRows struct {
	m      *image.YCbCr
	u, v   []byte
	halved struct{ width, height bool }
}

func newChromaRows(m *image.YCbCr) *chromaRows {
	w := m.Rect.Dx()
	c := &chromaRows{m: m, u: make([]byte, w), v: make([]byte, w)}
	// The planes of a part of a picture may start between two samples.
	if m.Rect.Min == (image.Point{}) {
		switch m.SubsampleRatio {
		case image.YCbCrSubsampleRatio420:
			c.halved.width, c.halved.height = true, true
		case image.YCbCrSubsampleRatio422:
			c.halved.width = true
		}
	}
	return c
}

// row returns the chroma of row y, counted from the top of the picture. It is
// valid until the next call.
func (c *chromaRows) row(y int) (u, v []byte) {
	m := c.m
	if !c.halved.width {
		for x := range c.u {
			i := m.COffset(m.Rect.Min.X+x, m.Rect.Min.Y+y)
			c.u[x], c.v[x] = m.Cb[i], m.Cr[i]
		}
		return c.u, c.v
	}
	near, far := y, y
	if c.halved.height {
		// A row lies a quarter of the way from its nearest chroma row to the next
		// one, which is above it for even rows and below it for odd ones.
		near, far = y/2, y/2-1+y%2*2
		far = min(max(far, 0), (m.Rect.Dy()-1)/2)
	}
	n := (len(c.u) + 1) / 2
	upsampleRow(c.u, m.Cb[near*m.CStride:][:n], m.Cb[far*m.CStride:][:n])
	upsampleRow(c.v, m.Cr[near*m.CStride:][:n], m.Cr[far*m.CStride:][:n])
	return c.u, c.v
}

// upsampleRow doubles the width of a row, three quarters of which are near and one
// quarter far. In between, the weights of the four neighbours are 9:3:3:1.
func upsampleRow(out, near, far []byte) {
	w := len(out)
	out[0] = byte((3*int32(near[0]) + int32(far[0]) + 2) >> 2)
	n0, f0 := int32(near[0]), int32(far[0])
	for i := 1; 2*i-1 < w; i++ {
		if i == len(near) { // an even width ends half a sample after the last one
			out[w-1] = byte((3*n0 + f0 + 2) >> 2)
			return
		}
		n1, f1 := int32(near[i]), int32(far[i])
		sum := n0 + n1 + f0 + f1 + 8
		out[2*i-1] = byte(((sum+2*(n1+f0))>>3 + n0) >> 1)
		if 2*i < w {
			out[2*i] = byte(((sum+2*(n0+f1))>>3 + n1) >> 1)
		}
		n0, f0 = n1, f1
	}
}

// drawYCbCr writes a picture of full-range YCbCr (JFIF) into dst at (x0, y0).
func drawYCbCr(dst *RGB, x0, y0 int, m *image.YCbCr) {
	w := m.Rect.Dx()
	chroma := newChromaRows(m)
	for y := range m.Rect.Dy() {
		u, v := chroma.row(y)
		out := dst.Pix[3*((y0+y)*dst.Width+x0):][:3*w]
		for x, l := range m.Y[y*m.YStride:][:w] {
			out[3*x], out[3*x+1], out[3*x+2] = color.YCbCrToRGB(l, u[x], v[x])
		}
	}
}
