package imaging

import (
	"image"
	"image/color"

	"github.com/sightline/sightline/internal/imaging/rgb"
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
			rgb.Grey(out, m.Pix[y*m.Stride:], 1)
		case *image.Gray16:
			rgb.Grey(out, m.Pix[y*m.Stride:], 2)
		case *image.RGBA:
			rgb.Premultiplied(out, m.Pix[y*m.Stride:], 4)
		case *image.RGBA64:
			rgb.Premultiplied(out, m.Pix[y*m.Stride:], 8)
		case *image.NRGBA:
			rgb.Straight(out, m.Pix[y*m.Stride:], 4)
		case *image.NRGBA64:
			rgb.Straight(out, m.Pix[y*m.Stride:], 8)
		case *image.CMYK:
			rgb.CMYK(out, m.Pix[y*m.Stride:])
		default:
			anyRow(out, img, b.Min.X, b.Min.Y+y)
		}
	}
}

// anyRow serves the picture types that no decoder of ours returns for common
// files; it pays an interface call for every pixel.
func anyRow(out []byte, img image.Image, x, y int) {
	for i := 0; i < len(out); i, x = i+3, x+1 {
		c := color.NRGBA64Model.Convert(img.At(x, y)).(color.NRGBA64)
		rgb.Straight(out[i:i+3], []byte{byte(c.R >> 8), byte(c.G >> 8), byte(c.B >> 8), byte(c.A >> 8)}, 4)
	}
}
