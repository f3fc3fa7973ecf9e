//go:build !cgo || nolibjpeg

package imaging

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"time"

	"github.com/sightline/sightline/internal/imaging/fence"
)

// JPEGDecoder names the JPEG decoder of this build. The two differ by a level or
// so in some pixels.
const JPEGDecoder = "image/jpeg"

// decodeJPEGInto decodes with the standard library, for builds without a C
// compiler. It always decodes at full size; a reduced picture is the mean of each
// block of scale by scale pixels, which is nearly what DCT scaling gives. A missing
// end marker is made up for, but nothing of a picture that is cut is shown: the
// library gives none.
func decodeJPEGInto(_ context.Context, dst *RGB, data []byte, scale int) (damage, err error) {
	img, err := decodeJPEGImage(data)
	if err != nil {
		return nil, err
	}
	b := img.Bounds()
	if (b.Dx()+scale-1)/scale != dst.Width || (b.Dy()+scale-1)/scale != dst.Height {
		return nil, fmt.Errorf("picture is %v, its header says otherwise", b.Size())
	}
	if scale == 1 {
		drawRGB(dst, 0, 0, img)
		return nil, nil
	}
	boxReduce(dst, toRGB(img), scale)
	return nil, nil
}

func decodeJPEGImage(data []byte) (image.Image, error) {
	if !hasJPEGEnd(data) {
		data = append(data[:len(data):len(data)], 0xff, 0xd9)
	}
	return jpeg.Decode(bytes.NewReader(data))
}

// decodeJPEGSamples decodes the components of a JPEG into pix; see tiff.JPEG.
func decodeJPEGSamples(_ context.Context, pix []byte, width, height, components int, data []byte, convert bool) (damage, err error) {
	img, err := decodeJPEGImage(data)
	if err != nil {
		return nil, err
	}
	if img.Bounds().Dx() != width || img.Bounds().Dy() != height {
		return nil, fmt.Errorf("picture is %v, its header says otherwise", img.Bounds().Size())
	}
	switch m := img.(type) {
	case *image.Gray:
		for y := range height {
			copy(pix[y*width:][:width], m.Pix[y*m.Stride:])
		}
	case *image.YCbCr:
		if convert {
			drawRGB(&RGB{Pix: pix, Width: width, Height: height}, 0, 0, m)
			return nil, nil
		}
		for y := range height {
			for x := range width {
				c := m.COffset(x, y)
				p := pix[3*(y*width+x):][:3]
				p[0], p[1], p[2] = m.Y[m.YOffset(x, y)], m.Cb[c], m.Cr[c]
			}
		}
	case *image.CMYK:
		for y := range height {
			for i, v := range m.Pix[y*m.Stride:][:4*width] {
				pix[4*y*width+i] = 255 - v // the library undoes Adobe's inversion
			}
		}
	default:
		if components != 3 {
			return nil, fmt.Errorf("picture of an unknown type %T", img)
		}
		drawRGB(&RGB{Pix: pix, Width: width, Height: height}, 0, 0, img)
	}
	return nil, nil
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

// Native says where the decoder that is written in C runs. This build has none.
type Native struct {
	Walls fence.Walls
	Err   error
}

// NativeDecoder is the zero Native.
func NativeDecoder(context.Context) Native { return Native{} }

// Unfenced is nil: no picture is decoded by C.
func Unfenced() error { return nil }

// WorkersTime is 0: there are no other processes.
func WorkersTime() time.Duration { return 0 }

// EndWorkers does nothing: there are none.
func EndWorkers() {}
