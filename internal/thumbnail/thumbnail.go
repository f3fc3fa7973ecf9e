// Package thumbnail makes small pictures of large ones, and keeps them in a folder whose
// size is bounded.
//
// A thumbnail is named by the content of its picture, so one that is there is right for
// good, wherever the picture lies. It is a JPEG in sRGB, rotated as it is looked at.
package thumbnail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"

	"github.com/sightline/sightline/internal/imaging"
)

// sides are the lengths of the longer side that there are, in pixels, ascending.
var sides = [...]int{256, 512, 1024, 2048}

// SideFor is the least of the sides that has so many pixels, and the largest where none has.
func SideFor(pixels int) int {
	for _, s := range sides {
		if pixels <= s {
			return s
		}
	}
	return sides[len(sides)-1]
}

// quality is that of the JPEGs: at 85 a thumbnail of 512 pixels has some 40 kB.
const quality = 85

// ErrSide says that a thumbnail was asked for whose side there is none of.
var ErrSide = errors.New("there are no thumbnails of that size")

// Make makes thumbnails of a picture file's bytes, a JPEG for each of the sides, which SideFor returns. The
// picture is decoded once, no larger than the largest of them needs. A picture that is
// smaller than a side keeps its size. wait, if it is set, is handed an upper bound of the
// memory that decoding takes before it is taken, and returns what gives it back.
func Make(ctx context.Context, data []byte, wanted []int, limits imaging.Limits, wait func(context.Context, int64) (func(), error)) (map[int][]byte, error) {
	largest := 0
	for _, s := range wanted {
		largest = max(largest, s)
	}
	p, err := imaging.Open(data, limits)
	if err != nil {
		return nil, err
	}
	o := imaging.Options{Mode: imaging.Fast, Colour: imaging.ColourSRGB, ShortSide: shortSide(p.Info, largest), Limits: limits}
	if wait != nil {
		done, err := wait(ctx, p.Info.DecodeBytes(o))
		if err != nil {
			return nil, err
		}
		defer done()
	}
	rgb, _, err := p.Decode(ctx, o)
	if err != nil {
		return nil, err
	}
	out := make(map[int][]byte, len(wanted))
	for _, side := range descending(wanted) {
		rgb = fit(rgb, side) // each from the next larger one
		if out[side], err = encode(rgb); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// shortSide is what the decoder may think of as the shorter side of the result: it keeps
// at least twice as many pixels where it shortens its work, and half of that is enough for
// a thumbnail.
func shortSide(i imaging.Info, side int) int {
	longer, shorter := max(i.Width, i.Height), min(i.Width, i.Height)
	if longer <= side || longer == 0 {
		return 0
	}
	return max(1, (side*shorter/longer+1)/2)
}

func descending(wanted []int) []int {
	var out []int
	for i := len(sides) - 1; i >= 0; i-- {
		for _, w := range wanted {
			if w == sides[i] {
				out = append(out, w)
				break
			}
		}
	}
	return out
}

// fit makes the longer side at most so long.
func fit(rgb *imaging.RGB, side int) *imaging.RGB {
	longer := max(rgb.Width, rgb.Height)
	if longer <= side {
		return rgb
	}
	w, h := scaled(rgb.Width, side, longer), scaled(rgb.Height, side, longer)
	return imaging.Resize(rgb, w, h, imaging.Bicubic)
}

func scaled(length, side, longer int) int { return max(1, (length*side+longer/2)/longer) }

func encode(rgb *imaging.RGB) ([]byte, error) {
	if rgb.Width > 65535 || rgb.Height > 65535 {
		return nil, fmt.Errorf("%w: a JPEG has at most 65535 pixels a side, and this has %dx%d", imaging.ErrTooLarge, rgb.Width, rgb.Height)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, toYCbCr(rgb), &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// toYCbCr converts a picture as JFIF does, with the colours of four pixels together:
// encoding/jpeg takes that form without another look at each pixel.
func toYCbCr(rgb *imaging.RGB) *image.YCbCr {
	w, h := rgb.Width, rgb.Height
	out := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	for y := 0; y < h; y += 2 {
		for x := 0; x < w; x += 2 {
			var r, g, b, n int32
			for dy := 0; dy < 2 && y+dy < h; dy++ {
				for dx := 0; dx < 2 && x+dx < w; dx++ {
					p := rgb.Pix[3*((y+dy)*w+x+dx):]
					p = p[:3:3]
					out.Y[(y+dy)*out.YStride+x+dx] = luma(p[0], p[1], p[2])
					r, g, b, n = r+int32(p[0]), g+int32(p[1]), b+int32(p[2]), n+1
				}
			}
			_, cb, cr := color.RGBToYCbCr(uint8((r+n/2)/n), uint8((g+n/2)/n), uint8((b+n/2)/n))
			at := y/2*out.CStride + x/2
			out.Cb[at], out.Cr[at] = cb, cr
		}
	}
	return out
}

// luma is the Y of color.RGBToYCbCr.
func luma(r, g, b uint8) uint8 {
	return uint8((19595*int32(r) + 38470*int32(g) + 7471*int32(b) + 1<<15) >> 16)
}
