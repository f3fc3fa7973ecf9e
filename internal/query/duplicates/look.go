package duplicates

import (
	"image"
	"math"
	"math/bits"
)

// The sides of what is compared of two pictures.
const (
	lookSide         = 32
	hashCols, hashes = 9, 8
)

// zooms are the parts of a picture's width and height, about its middle, that are compared
// with all of another: one of the two may have been cropped, or have got a border.
var zooms = [...]float64{1, 0.95, 0.9}

// Look is what a picture shows, point by point and without colours, reduced so that it
// survives resizing and recompression.
type Look struct {
	views [len(zooms)]view // by zoom
	// Colour says that the picture is not grey, and Moving that it has several frames,
	// which LookOf cannot see.
	Colour, Moving bool
}

// view is a Look of a part.
type view struct {
	// hash is the difference hash (Krawetz 2013): bit 8*row+column says that of 9x8 means
	// of luma the one at that place is darker than its right neighbour.
	hash uint64
	// points are 32x32 means of luma, less their mean and of length 1; zero for a picture
	// of one colour.
	points [lookSide * lookSide]float32
}

// LookOf reduces a picture.
func LookOf(img image.Image) Look {
	var l Look
	b := img.Bounds()
	for i, zoom := range zooms {
		dx, dy := int(float64(b.Dx())*(1-zoom)/2+0.5), int(float64(b.Dy())*(1-zoom)/2+0.5)
		part := image.Rect(b.Min.X+dx, b.Min.Y+dy, max(b.Min.X+dx+1, b.Max.X-dx), max(b.Min.Y+dy+1, b.Max.Y-dy))
		l.views[i] = viewOf(img, part.Intersect(b))
	}
	l.Colour = hasColour(img)
	return l
}

// greyNoise is by how much the channels of a grey picture differ, of 255: JPEG's rounding.
const greyNoise = 6

// hasColour reports whether a hundredth of a picture's points are not grey.
func hasColour(img image.Image) bool {
	b := img.Bounds()
	points, coloured := 0, 0
	for y := range lookSide {
		for x := range lookSide {
			r, g, bl, _ := img.At(b.Min.X+x*b.Dx()/lookSide, b.Min.Y+y*b.Dy()/lookSide).RGBA()
			points++
			if (max(r, g, bl)-min(r, g, bl))/257 > greyNoise {
				coloured++
			}
		}
	}
	return 100*coloured >= points
}

func viewOf(img image.Image, part image.Rectangle) (v view) {
	row := means(img, part, hashCols, hashes)
	for y := range hashes {
		for x := range hashCols - 1 {
			if row[y*hashCols+x] < row[y*hashCols+x+1] {
				v.hash |= 1 << (8*y + x)
			}
		}
	}
	points := means(img, part, lookSide, lookSide)
	var mean, length float64
	for _, p := range points {
		mean += p / float64(len(points))
	}
	for _, p := range points {
		length += (p - mean) * (p - mean)
	}
	// Less than the noise of a JPEG file says nothing.
	if length = math.Sqrt(length); length > lookSide {
		for i, p := range points {
			v.points[i] = float32((p - mean) / length)
		}
	}
	return v
}

// means are the means of luma, 0 to 255, over a grid of rectangles in a part of a picture.
// One that is smaller than the grid is taken by its nearest pixels.
func means(img image.Image, b image.Rectangle, cols, rows int) []float64 {
	out := make([]float64, cols*rows)
	for y := range rows {
		top := b.Min.Y + y*b.Dy()/rows
		bottom := max(top+1, b.Min.Y+(y+1)*b.Dy()/rows)
		for x := range cols {
			left := b.Min.X + x*b.Dx()/cols
			right := max(left+1, b.Min.X+(x+1)*b.Dx()/cols)
			var sum float64
			for v := top; v < bottom; v++ {
				for u := left; u < right; u++ {
					r, g, bl, _ := img.At(u, v).RGBA()
					sum += (0.299*float64(r) + 0.587*float64(g) + 0.114*float64(bl)) / 257 // ITU-R BT.601
				}
			}
			out[y*cols+x] = sum / float64((bottom-top)*(right-left))
		}
	}
	return out
}

// Distance is in how many of 64 bits the hashes of two pictures differ, where they lie on
// each other best.
func Distance(a, b *Look) int {
	least := 64
	eachFit(a, b, func(v, w *view) { least = min(least, bits.OnesCount64(v.hash^w.hash)) })
	return least
}

// Nearness is the correlation of two pictures' points, -1 to 1, where they lie on each
// other best. It does not change with brightness and contrast.
func Nearness(a, b *Look) float32 {
	most := float32(-1)
	eachFit(a, b, func(v, w *view) {
		var sum float32
		for i := range v.points {
			sum += v.points[i] * w.points[i]
		}
		most = max(most, sum)
	})
	return most
}

// eachFit calls f with all of the one picture and each part of the other.
func eachFit(a, b *Look, f func(v, w *view)) {
	for i := range zooms {
		f(&a.views[0], &b.views[i])
		if i > 0 {
			f(&a.views[i], &b.views[0])
		}
	}
}
