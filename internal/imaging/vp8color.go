package imaging

import "image"

// drawVP8 converts a lossy WebP frame as libwebp does: BT.601 with the limited
// range of video, and chroma interpolated between its samples. (image/color's
// YCbCr is JPEG's full range; through it every WebP would come out washed out.)
// alpha may be nil.
func drawVP8(dst *RGB, at image.Point, m *image.YCbCr, alpha []byte, alphaStride int) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	chroma := (w + 1) / 2
	last := (h - 1) / 2
	scratch := make([]byte, 4*w)
	for y := range h {
		// A row lies a quarter of the way from its nearest chroma row to the next
		// one, which is above it for even rows and below it for odd ones.
		near, far := y/2, y/2+1
		if y%2 == 0 {
			far = y/2 - 1
		}
		far = min(max(far, 0), last)
		luma := m.Y[y*m.YStride:][:w]
		vp8Row(scratch, luma,
			m.Cb[near*m.CStride:][:chroma], m.Cb[far*m.CStride:][:chroma],
			m.Cr[near*m.CStride:][:chroma], m.Cr[far*m.CStride:][:chroma])
		for x := range w {
			scratch[4*x+3] = 255
		}
		if alpha != nil {
			for x, a := range alpha[y*alphaStride:][:w] {
				scratch[4*x+3] = a
			}
		}
		straightRow(dst.Pix[3*((at.Y+y)*dst.Width+at.X):][:3*w], scratch, 4)
	}
}

// vp8Row writes one row of RGBA pixels, leaving the alpha bytes alone.
func vp8Row(out, luma, uNear, uFar, vNear, vFar []byte) {
	w := len(luma)
	for x := range w {
		near, far := x/2, x/2+1
		if x%2 == 0 {
			far = x/2 - 1
		}
		var u, v int32
		if far < 0 || far >= len(uNear) {
			// At the edges only the row is interpolated.
			u = (3*int32(uNear[near]) + int32(uFar[near]) + 2) >> 2
			v = (3*int32(vNear[near]) + int32(vFar[near]) + 2) >> 2
		} else {
			u = vp8Chroma(uNear[near], uNear[far], uFar[near], uFar[far])
			v = vp8Chroma(vNear[near], vNear[far], vFar[near], vFar[far])
		}
		// Constants are 14-bit fractions of libwebp's src/dsp/yuv.h.
		l := int32(luma[x]) * 19077 >> 8
		p := out[4*x : 4*x+3]
		p[0] = clip6(l + v*26149>>8 - 14234)
		p[1] = clip6(l - u*6419>>8 - v*13320>>8 + 8708)
		p[2] = clip6(l + u*33050>>8 - 17685)
	}
}

// vp8Chroma weighs four samples 9:3:3:1, the nearest first, with the two roundings
// of libwebp's upsampler.
func vp8Chroma(near, side, other, corner byte) int32 {
	n, s, o, c := int32(near), int32(side), int32(other), int32(corner)
	diagonal := (n + 3*s + 3*o + c + 8) >> 3
	return (diagonal + n) >> 1
}

func clip6(v int32) byte {
	v >>= 6
	if uint32(v) <= 255 {
		return byte(v)
	}
	if v < 0 {
		return 0
	}
	return 255
}
