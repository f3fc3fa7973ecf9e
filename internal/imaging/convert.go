package imaging

import (
	"image"
	"image/color"
)

// toRGB flattens a decoded picture to 8-bit RGB. What is transparent is composited
// on white (Pillow's convert("RGB") drops the alpha channel instead, which shows
// whatever colours an editor left under it), and 16-bit samples keep their high
// byte, grey ones too (Pillow clips those at 255, which turns them white).
func toRGB(img image.Image) *RGB {
	b := img.Bounds()
	dst := NewRGB(b.Dx(), b.Dy())
	drawRGB(dst, 0, 0, img)
	return dst
}

// drawRGB writes img into dst with its top left corner at (x0, y0). It must fit.
func drawRGB(dst *RGB, x0, y0 int, img image.Image) {
	switch m := img.(type) {
	case *image.Paletted:
		drawPaletted(dst, x0, y0, m)
		return
	case *image.YCbCr:
		drawYCbCr(dst, x0, y0, m)
		return
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	for y := range h {
		out := dst.Pix[3*((y0+y)*dst.Width+x0):][:3*w]
		switch m := img.(type) {
		case *image.Gray:
			grayRow(out, m.Pix[y*m.Stride:], 1)
		case *image.Gray16:
			grayRow(out, m.Pix[y*m.Stride:], 2)
		case *image.RGBA:
			premultipliedRow(out, m.Pix[y*m.Stride:], 4)
		case *image.RGBA64:
			premultipliedRow(out, m.Pix[y*m.Stride:], 8)
		case *image.NRGBA:
			straightRow(out, m.Pix[y*m.Stride:], 4)
		case *image.NRGBA64:
			straightRow(out, m.Pix[y*m.Stride:], 8)
		case *image.CMYK:
			cmykRow(out, m.Pix[y*m.Stride:])
		default:
			anyRow(out, img, b.Min.X, b.Min.Y+y)
		}
	}
}

// grayRow reads samples that are step bytes apart, most significant byte first.
func grayRow(out, in []byte, step int) {
	for i, j := 0, 0; i < len(out); i, j = i+3, j+step {
		v := in[j]
		out[i], out[i+1], out[i+2] = v, v, v
	}
}

// premultipliedRow reads pixels of four samples whose colours are already
// multiplied by their alpha; step is 4 bytes for 8-bit samples and 8 for 16-bit.
func premultipliedRow(out, in []byte, step int) {
	one := step / 4
	for i, j := 0, 0; i < len(out); i, j = i+3, j+step {
		p := in[j : j+step]
		r, g, b, white := p[0], p[one], p[2*one], 255-p[3*one]
		// A damaged file may hold a colour above its alpha.
		out[i] = min(r, 255-white) + white
		out[i+1] = min(g, 255-white) + white
		out[i+2] = min(b, 255-white) + white
	}
}

// straightRow is premultipliedRow for colours that are not multiplied.
func straightRow(out, in []byte, step int) {
	one := step / 4
	for i, j := 0, 0; i < len(out); i, j = i+3, j+step {
		p := in[j : j+step]
		switch a := uint32(p[3*one]); a {
		case 255:
			out[i], out[i+1], out[i+2] = p[0], p[one], p[2*one]
		case 0:
			out[i], out[i+1], out[i+2] = 255, 255, 255
		default:
			out[i] = overWhite(p[0], a)
			out[i+1] = overWhite(p[one], a)
			out[i+2] = overWhite(p[2*one], a)
		}
	}
}

// overWhite composites one sample on white with the arithmetic of Pillow's
// alpha_composite: 7 extra bits and a rounded division by 255.
func overWhite(v byte, alpha uint32) byte {
	const bits = 7
	t := uint32(v)*(alpha<<bits) + 255*((255-alpha)<<bits) + 0x80<<bits
	return byte((t>>8 + t) >> 8 >> bits)
}

// cmykRow converts naively, as Pillow's convert("RGB") does, without a profile.
func cmykRow(out, in []byte) {
	for i, j := 0, 0; i < len(out); i, j = i+3, j+4 {
		p := in[j : j+4]
		white := 255 - uint32(p[3])
		out[i] = byte(white - mulDiv255(uint32(p[0]), white))
		out[i+1] = byte(white - mulDiv255(uint32(p[1]), white))
		out[i+2] = byte(white - mulDiv255(uint32(p[2]), white))
	}
}

// mulDiv255 is a*b/255, rounded.
func mulDiv255(a, b uint32) uint32 {
	t := a*b + 128
	return (t>>8 + t) >> 8
}

// drawPaletted looks every index up in a table of flattened colours. An index
// beyond the palette is black, as in Pillow, where a palette has 256 entries.
func drawPaletted(dst *RGB, x0, y0 int, m *image.Paletted) {
	var table [256][3]byte
	for i, c := range m.Palette[:min(len(m.Palette), 256)] {
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		straightRow(table[i][:], []byte{n.R, n.G, n.B, n.A}, 4)
	}
	w := m.Rect.Dx()
	for y := range m.Rect.Dy() {
		out := dst.Pix[3*((y0+y)*dst.Width+x0):][:3*w]
		for x, index := range m.Pix[y*m.Stride:][:w] {
			c := &table[index]
			out[3*x], out[3*x+1], out[3*x+2] = c[0], c[1], c[2]
		}
	}
}

// anyRow serves the picture types that no decoder of ours returns for common
// files; it pays an interface call for every pixel.
func anyRow(out []byte, img image.Image, x, y int) {
	for i := 0; i < len(out); i, x = i+3, x+1 {
		c := color.NRGBA64Model.Convert(img.At(x, y)).(color.NRGBA64)
		straightRow(out[i:i+3], []byte{byte(c.R >> 8), byte(c.G >> 8), byte(c.B >> 8), byte(c.A >> 8)}, 4)
	}
}
