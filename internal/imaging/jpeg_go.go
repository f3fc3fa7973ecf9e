//go:build !cgo || nolibjpeg

package imaging

import (
	"bytes"
	"fmt"
	"image/jpeg"
)

// JPEGDecoder names the JPEG decoder of this build. The two differ by a level or
// so in some pixels.
const JPEGDecoder = "image/jpeg"

// decodeJPEGInto decodes with the standard library, for builds without a C
// compiler. It always decodes at full size; a reduced picture is the mean of each
// block of scale by scale pixels, which is nearly what DCT scaling gives.
func decodeJPEGInto(dst *RGB, data []byte, scale int) error {
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return err
	}
	b := img.Bounds()
	if (b.Dx()+scale-1)/scale != dst.Width || (b.Dy()+scale-1)/scale != dst.Height {
		return fmt.Errorf("picture is %v, its header says otherwise", b.Size())
	}
	if scale == 1 {
		drawRGB(dst, 0, 0, img)
		return nil
	}
	boxReduce(dst, toRGB(img), scale)
	return nil
}

// boxReduce averages blocks of scale by scale pixels, smaller at the edges.
func boxReduce(dst, src *RGB, scale int) {
	for y := range dst.Height {
		y0, y1 := y*scale, min((y+1)*scale, src.Height)
		for x := range dst.Width {
			x0, x1 := x*scale, min((x+1)*scale, src.Width)
			var sum [3]int
			for yy := y0; yy < y1; yy++ {
				row := src.Pix[3*(yy*src.Width+x0) : 3*(yy*src.Width+x1)]
				for i := 0; i < len(row); i += 3 {
					sum[0] += int(row[i])
					sum[1] += int(row[i+1])
					sum[2] += int(row[i+2])
				}
			}
			n := (y1 - y0) * (x1 - x0)
			out := dst.Pix[3*(y*dst.Width+x):][:3]
			for i, s := range sum {
				out[i] = byte((s + n/2) / n)
			}
		}
	}
}
