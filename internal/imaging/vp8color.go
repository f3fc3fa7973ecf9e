package imaging

import (
	"image"

	"github.com/sightline/sightline/internal/imaging/rgb"
)

// drawVP8 converts a lossy WebP frame as libwebp does: BT.601 with the limited
// range of video, and chroma interpolated between its samples. (image/color's
// YCbCr is JPEG's full range; through it every WebP would come out washed out.)
// alpha may be nil.
func drawVP8(dst *RGB, at image.Point, m *image.YCbCr, alpha []byte, alphaStride int) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	chroma := newChromaRows(m)
	scratch := make([]byte, 4*w)
	for y := range h {
		u, v := chroma.row(y)
		vp8Row(scratch, m.Y[y*m.YStride:][:w], u, v)
		if alpha == nil {
			for x := range w {
				scratch[4*x+3] = 255
			}
		} else {
			for x, a := range alpha[y*alphaStride:][:w] {
				scratch[4*x+3] = a
			}
		}
		rgb.Straight(dst.Pix[3*((at.Y+y)*dst.Width+at.X):][:3*w], scratch, 4)
	}
}

// vp8Row writes one row of RGBA pixels, leaving the alpha bytes alone. The
// constants are the 14-bit fractions of libwebp's src/dsp/yuv.h.
func vp8Row(out, luma, us, vs []byte) {
	us, vs = us[:len(luma)], vs[:len(luma)]
	for x, y := range luma {
		u, v := int32(us[x]), int32(vs[x])
		l := int32(y) * 19077 >> 8
		p := out[4*x : 4*x+3]
		p[0] = clip6(l + v*26149>>8 - 14234)
		p[1] = clip6(l - u*6419>>8 - v*13320>>8 + 8708)
		p[2] = clip6(l + u*33050>>8 - 17685)
	}
}

// clip6 rounds a number of 6 fractional bits down to a sample.
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
