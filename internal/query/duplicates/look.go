package duplicates

import (
	"image"
	"math"
	"math/bits"

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

// LookOf reduces a picture.
func LookOf(img image.Image) Look {
	b := img.Bounds()
	p := newPlane(b.Dx(), b.Dy(), 1./257)
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

// shrunk is the longer side, in pixels, of what LookOfPixels looks at: four times that of
// what is compared.
const shrunk = 4 * lookSide

// LookOfPixels reduces a picture that was decoded for a model. What it costs does not grow
// with the picture, so that a run that decodes pictures anyway can afford it.
func LookOfPixels(img *imaging.RGB) Look {
	p, coloured := shrink(img)
	l := p.look()
	l.Colour = coloured
	return l
}

// shrink returns the luma of a picture at a longer side of at most shrunk, and whether a
// hundredth of its points are not grey. Each point is the mean of two by two pixels, or of
// all where there are fewer.
func shrink(img *imaging.RGB) (p *plane, coloured bool) {
	width, height := img.Width, img.Height
	if longer := max(width, height); longer > shrunk {
		width, height = max(1, width*shrunk/longer), max(1, height*shrunk/longer)
	}
	p = newPlane(width, height, 1./4)
	columns := make([][2]int, p.width) // of the two pixels
	for x := range columns {
		columns[x] = pair(x*img.Width/p.width, (x+1)*img.Width/p.width)
	}
	points := 0
	for y := range p.height {
		var rows [2][]byte
		for i, v := range pair(y*img.Height/p.height, (y+1)*img.Height/p.height) {
			rows[i] = img.Pix[3*v*img.Width : 3*(v+1)*img.Width]
		}
		var left uint64
		for x, at := range columns {
			var r, g, b uint32
			for _, row := range rows {
				one, two := row[3*at[0]:3*at[0]+3], row[3*at[1]:3*at[1]+3]
				r, g, b = r+uint32(one[0])+uint32(two[0]), g+uint32(one[1])+uint32(two[1]), b+uint32(one[2])+uint32(two[2])
			}
			left += lumaOf(r, g, b)
			p.set(x, y, left)
			if max(r, g, b)-min(r, g, b) > 4*greyNoise {
				points++
			}
		}
	}
	return p, 100*points >= width*height
}

// pair is two places that stand for those from one to before another: at a quarter and at
// three quarters.
func pair(from, to int) [2]int {
	n := to - from
	return [2]int{from + n/4, from + (3*n-1)/4}
}

// lumaOf is a thousand times the luma of ITU-R BT.601, in the unit of the channels: in
// whole numbers, so that what is equal stays equal in sums.
func lumaOf(r, g, b uint32) uint64 { return 299*uint64(r) + 587*uint64(g) + 114*uint64(b) }

// plane is the luma of a picture as a summed-area table (Crow 1984), from which the mean
// of any rectangle is read at once: sums of what lies above and left of each corner.
type plane struct {
	width, height int
	sums          []uint64
	unit          float64 // that makes luma from 0 to 255 of a thousandth of a sum
}

func newPlane(width, height int, unit float64) *plane {
	return &plane{width, height, make([]uint64, (width+1)*(height+1)), unit / 1000}
}

// set takes in a point, from left to right and from top to bottom. row is the sum of its
// row up to and with it.
func (p *plane) set(x, y int, row uint64) {
	at := (y+1)*(p.width+1) + x + 1
	p.sums[at] = p.sums[at-p.width-1] + row
}

// mean is the mean luma, 0 to 255, of a rectangle.
func (p *plane) mean(left, top, right, bottom int) float64 {
	w := p.width + 1
	sum := p.sums[bottom*w+right] - p.sums[top*w+right] - p.sums[bottom*w+left] + p.sums[top*w+left]
	return float64(sum) * p.unit / float64((bottom-top)*(right-left))
}

func (p *plane) look() (l Look) {
	if p.width == 0 || p.height == 0 {
		return l
	}
	for i, zoom := range zooms {
		dx, dy := int(float64(p.width)*(1-zoom)/2+0.5), int(float64(p.height)*(1-zoom)/2+0.5)
		part := image.Rect(dx, dy, max(dx+1, p.width-dx), max(dy+1, p.height-dy))
		l.views[i] = p.view(part.Intersect(image.Rect(0, 0, p.width, p.height)))
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

func (p *plane) view(part image.Rectangle) (v view) {
	row := p.means(part, hashCols, hashes)
	for y := range hashes {
		for x := range hashCols - 1 {
			if row[y*hashCols+x] < row[y*hashCols+x+1] {
				v.hash |= 1 << (8*y + x)
			}
		}
	}
	points := p.means(part, lookSide, lookSide)
	var mean, length float64
	for _, x := range points {
		mean += x / float64(len(points))
	}
	for _, x := range points {
		length += (x - mean) * (x - mean)
	}
	// Less than the noise of a JPEG file says nothing.
	if length = math.Sqrt(length); length > lookSide {
		for i, x := range points {
			v.points[i] = float32((x - mean) / length)
		}
	}
	return v
}

// means are the means of luma over a grid of rectangles in a part of a picture.
// One that is smaller than the grid is taken by its nearest pixels.
func (p *plane) means(b image.Rectangle, cols, rows int) []float64 {
	out := make([]float64, cols*rows)
	for y := range rows {
		top := b.Min.Y + y*b.Dy()/rows
		bottom := max(top+1, b.Min.Y+(y+1)*b.Dy()/rows)
		for x := range cols {
			left := b.Min.X + x*b.Dx()/cols
			right := max(left+1, b.Min.X+(x+1)*b.Dx()/cols)
			out[y*cols+x] = p.mean(left, top, right, bottom)
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
