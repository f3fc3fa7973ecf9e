package duplicates

import (
	"image"
	"math"
	"math/bits"
	"sync"

	"github.com/sightline/sightline/internal/imaging"
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

// Reducer reduces pictures to what they show, with working memory that it uses again. The
// zero value is ready, and safe for concurrent use.
type Reducer struct {
	planes sync.Pool // of *plane
}

// LookOf reduces a picture.
func LookOf(img image.Image) Look {
	b := img.Bounds()
	var p plane
	p.reset(b.Dx(), b.Dy(), 1./257)
	for y := range p.height {
		var left uint64
		for x := range p.width {
			r, g, bl, _ := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
			left += lumaOf(r, g, bl)
			p.set(x, y, left)
		}
	}
	l := p.look()
	l.Colour = hasColour(img)
	return l
}

// shrunk is the longer side, in pixels, of what Reducer.Look looks at: four times that of
// what is compared.
const shrunk = 4 * lookSide

// Look reduces a picture that was decoded for a model. What it costs does not grow with the
// picture, so that a run that decodes pictures anyway can afford it.
func (r *Reducer) Look(img *imaging.RGB) Look {
	p, _ := r.planes.Get().(*plane)
	if p == nil {
		p = new(plane)
	}
	defer r.planes.Put(p)
	coloured := p.shrink(img)
	l := p.look()
	l.Colour = coloured
	return l
}

func (p *plane) look() (l Look) {
	if p.width == 0 || p.height == 0 {
		return l
	}
	for i, zoom := range zooms {
		dx, dy := int(float64(p.width)*(1-zoom)/2+0.5), int(float64(p.height)*(1-zoom)/2+0.5)
		part := image.Rect(dx, dy, max(dx+1, p.width-dx), max(dy+1, p.height-dy))
		p.view(part.Intersect(image.Rect(0, 0, p.width, p.height)), &l.views[i])
	}
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

func (p *plane) view(part image.Rectangle, v *view) {
	var row [hashCols * hashes]float64
	p.means(part, hashCols, hashes, row[:])
	for y := range hashes {
		for x := range hashCols - 1 {
			if row[y*hashCols+x] < row[y*hashCols+x+1] {
				v.hash |= 1 << (8*y + x)
			}
		}
	}
	var points [lookSide * lookSide]float64
	p.means(part, lookSide, lookSide, points[:])
	var mean, length float64
	for _, x := range points {
		mean += x
	}
	mean /= float64(len(points))
	for _, x := range points {
		length += (x - mean) * (x - mean)
	}
	// Less than the noise of a JPEG file says nothing.
	if length = math.Sqrt(length); length > lookSide {
		for i, x := range points {
			v.points[i] = float32((x - mean) / length)
		}
	}
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
