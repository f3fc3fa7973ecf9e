package duplicates

import (
	"encoding/binary"
	"image"

	"github.com/sightline/sightline/internal/imaging"
)

// plane is the luma of a picture as a summed-area table (Crow 1984), from which the mean
// of any rectangle is read at once: sums of what lies above and left of each corner. It can
// be used again for another picture.
type plane struct {
	width, height int
	sums          []uint64
	unit          float64   // that makes luma from 0 to 255 of a thousandth of a sum
	columns       []columns // of the picture that is shrunk
	lastRow       []byte
}

// columns are the places, in bytes from the start of a row, of two pixels.
type columns [2]int

// reset makes the plane one of a picture of that size, to be filled by set.
func (p *plane) reset(width, height int, unit float64) {
	p.width, p.height, p.unit = width, height, unit/1000
	p.sums = resized(p.sums, (width+1)*(height+1))
	clear(p.sums[:width+1]) // nothing lies above
	for y := range height {
		p.sums[(y+1)*(width+1)] = 0 // nor on the left
	}
}

// resized returns a slice of that length, with anything in it.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// set takes in a point, from left to right and from top to bottom. row is the sum of its
// row up to and with it.
func (p *plane) set(x, y int, row uint64) {
	at := (y+1)*(p.width+1) + x + 1
	p.sums[at] = p.sums[at-p.width-1] + row
}

// lumaOf is a thousand times the luma of ITU-R BT.601, in the unit of the channels: in
// whole numbers, so that what is equal stays equal in sums.
func lumaOf(r, g, b uint32) uint64 { return 299*uint64(r) + 587*uint64(g) + 114*uint64(b) }

// shrink fills the plane with a picture at a longer side of at most shrunk, and reports
// whether a hundredth of its points are not grey. Each point is the mean of two by two
// pixels, or of all where there are fewer.
func (p *plane) shrink(img *imaging.RGB) (coloured bool) {
	width, height := img.Width, img.Height
	if longer := max(width, height); longer > shrunk {
		width, height = max(1, width*shrunk/longer), max(1, height*shrunk/longer)
	}
	p.reset(width, height, 1./4)
	p.columns = resized(p.columns, width)
	for x := range p.columns {
		one, two := pair(x*img.Width/width, (x+1)*img.Width/width)
		p.columns[x] = columns{3 * one, 3 * two}
	}
	points := 0
	for y := range height {
		one, two := pair(y*img.Height/height, (y+1)*img.Height/height)
		above, below := p.row(img, one), p.row(img, two)
		sums := p.sums[(y+1)*(width+1)+1:][:width]
		over := p.sums[y*(width+1)+1:][:width]
		var left uint64
		for x, at := range p.columns {
			r, g, b := sum4(above, below, at)
			left += lumaOf(r, g, b)
			sums[x] = over[x] + left
			if max(r, g, b)-min(r, g, b) > 4*greyNoise {
				points++
			}
		}
	}
	return 100*points >= width*height
}

// row returns a row of a picture with at least a byte after its last pixel, so that a
// pixel can be read as four bytes.
func (p *plane) row(img *imaging.RGB, y int) []byte {
	from, to := 3*y*img.Width, 3*(y+1)*img.Width
	if to < len(img.Pix) {
		return img.Pix[from : to+1]
	}
	p.lastRow = append(append(p.lastRow[:0], img.Pix[from:to]...), 0)
	return p.lastRow
}

// sum4 adds up the channels of two pixels in each of two rows: red and blue at once, in the
// halves of a word.
func sum4(above, below []byte, at columns) (r, g, b uint32) {
	const redBlue = 0x00ff00ff
	v, w := binary.LittleEndian.Uint32(above[at[0]:]), binary.LittleEndian.Uint32(above[at[1]:])
	x, y := binary.LittleEndian.Uint32(below[at[0]:]), binary.LittleEndian.Uint32(below[at[1]:])
	rb := v&redBlue + w&redBlue + x&redBlue + y&redBlue
	g = v>>8&0xff + w>>8&0xff + x>>8&0xff + y>>8&0xff
	return rb & 0xffff, g, rb >> 16
}

// pair is two places that stand for those from one to before another: at a quarter and at
// three quarters.
func pair(from, to int) (one, two int) {
	n := to - from
	return from + n/4, from + (3*n-1)/4
}

// means writes the means of luma, 0 to 255, over a grid of rectangles in a part of a
// picture. One that is smaller than the grid is taken by its nearest pixels.
func (p *plane) means(b image.Rectangle, cols, rows int, out []float64) {
	var edges [lookSide][2]int
	for x := range cols {
		left := b.Min.X + x*b.Dx()/cols
		edges[x] = [2]int{left, max(left+1, b.Min.X+(x+1)*b.Dx()/cols)}
	}
	for y := range rows {
		top := b.Min.Y + y*b.Dy()/rows
		bottom := max(top+1, b.Min.Y+(y+1)*b.Dy()/rows)
		over, under := p.sums[top*(p.width+1):][:p.width+1], p.sums[bottom*(p.width+1):][:p.width+1]
		for x, e := range edges[:cols] {
			sum := under[e[1]] - over[e[1]] - under[e[0]] + over[e[0]]
			out[y*cols+x] = float64(sum) * p.unit / float64((bottom-top)*(e[1]-e[0]))
		}
	}
}
