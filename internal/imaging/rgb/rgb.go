// Package rgb turns rows of samples into rows of 8-bit RGB, with Pillow's arithmetic
// for everything but transparency: what is transparent is composited on white, where
// Pillow's convert("RGB") drops the alpha and shows whatever lies under it.
//
// In each function out has three bytes a pixel, and its length says how many pixels
// there are. Samples of 16 bits have the most significant byte first, which alone
// counts; step is the number of bytes from one pixel to the next.
package rgb

// Grey repeats a sample three times.
func Grey(out, in []byte, step int) {
	for i, j := 0, 0; i < len(out); i, j = i+3, j+step {
		v := in[j]
		out[i], out[i+1], out[i+2] = v, v, v
	}
}

// GreyAlpha reads pixels of a grey sample and its alpha; step is 2 bytes for 8-bit
// samples and 4 for 16-bit.
func GreyAlpha(out, in []byte, step int) {
	one := step / 2
	for i, j := 0, 0; i < len(out); i, j = i+3, j+step {
		v := OverWhite(in[j], in[j+one])
		out[i], out[i+1], out[i+2] = v, v, v
	}
}

// Straight reads pixels of red, green, blue and alpha; step is 4 bytes for 8-bit
// samples and 8 for 16-bit.
func Straight(out, in []byte, step int) {
	one := step / 4
	for i, j := 0, 0; i < len(out); i, j = i+3, j+step {
		p := in[j : j+step]
		switch a := p[3*one]; a {
		case 255:
			out[i], out[i+1], out[i+2] = p[0], p[one], p[2*one]
		case 0:
			out[i], out[i+1], out[i+2] = 255, 255, 255
		default:
			out[i] = overWhite(p[0], uint32(a))
			out[i+1] = overWhite(p[one], uint32(a))
			out[i+2] = overWhite(p[2*one], uint32(a))
		}
	}
}

// Premultiplied is Straight for colours that are already multiplied by their alpha.
func Premultiplied(out, in []byte, step int) {
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

// OverWhite composites one sample on white with the arithmetic of Pillow's
// alpha_composite.
func OverWhite(v, alpha byte) byte {
	switch alpha {
	case 255:
		return v
	case 0:
		return 255
	}
	return overWhite(v, uint32(alpha))
}

// overWhite has 7 extra bits and a rounded division by 255.
func overWhite(v byte, alpha uint32) byte {
	const bits = 7
	t := uint32(v)*(alpha<<bits) + 255*((255-alpha)<<bits) + 0x80<<bits
	return byte((t>>8 + t) >> 8 >> bits)
}

// CMYK converts pixels of four bytes naively, as Pillow's convert("RGB") does,
// without a profile.
func CMYK(out, in []byte) {
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
