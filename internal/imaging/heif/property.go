package heif

import (
	"bytes"
	"fmt"
	"image"
	"math"
)

// property returns the first property of that name.
func (it *item) property(name string) (box, bool) {
	for _, p := range it.properties {
		if p.name == name {
			return p, true
		}
	}
	return box{}, false
}

// size reads ispe: the size of the item's pixels before any turn or crop.
func (it *item) size() (image.Point, error) {
	b, ok := it.property("ispe")
	if !ok {
		return image.Point{}, fmt.Errorf("item %d has no size", it.id)
	}
	_, _, payload, err := b.full()
	if err != nil {
		return image.Point{}, err
	}
	r := reader{b: payload}
	w, h := r.u32(), r.u32()
	if err := r.err("ispe"); err != nil {
		return image.Point{}, err
	}
	if w == 0 || h == 0 || w > 1<<30 || h > 1<<30 {
		return image.Point{}, fmt.Errorf("size %dx%d", w, h)
	}
	return image.Pt(int(w), int(h)), nil
}

// transform is what clap, irot and imir amount to.
type transform struct {
	crop        image.Rectangle // of the stored pixels
	orientation int             // as an EXIF value; what is to be done after the crop
	// said is whether there is an irot or imir box at all. Where there is none, a
	// reader may fall back on the EXIF block.
	said bool
}

// transformOf reads the transformative properties in the order in which they
// apply (ISO/IEC 23008-12, 6.5).
func transformOf(properties []box, size image.Point) (transform, error) {
	t := transform{crop: image.Rectangle{Max: size}, orientation: 1}
	for _, b := range properties {
		r := reader{b: b.payload}
		switch b.name {
		case "clap":
			crop, err := cleanAperture(b, uprightSize(t.crop.Size(), t.orientation))
			if err != nil {
				return t, err
			}
			t.crop = storedRect(crop, t.crop.Size(), t.orientation).Add(t.crop.Min)
		case "irot":
			t.said = true
			for range r.u8() & 3 {
				t.orientation = thenTurnLeft[t.orientation]
			}
		case "imir":
			t.said = true
			if r.u8()&1 == 0 {
				t.orientation = thenFlipTopBottom[t.orientation]
			} else {
				t.orientation = thenFlipLeftRight[t.orientation]
			}
		}
		if err := r.err(b.name); err != nil {
			return t, err
		}
	}
	return t, nil
}

// For each EXIF orientation, the one that the picture has after one more step: a
// quarter turn anticlockwise, or a mirroring of the already turned picture.
var (
	thenTurnLeft      = [9]int{1: 8, 2: 5, 3: 6, 4: 7, 5: 4, 6: 1, 7: 2, 8: 3}
	thenFlipLeftRight = [9]int{1: 2, 2: 1, 3: 4, 4: 3, 5: 6, 6: 5, 7: 8, 8: 7}
	thenFlipTopBottom = [9]int{1: 4, 2: 3, 3: 2, 4: 1, 5: 8, 6: 7, 7: 6, 8: 5}
)

// uprightSize is the size after an orientation is applied.
func uprightSize(p image.Point, orientation int) image.Point {
	if orientation >= 5 {
		return image.Pt(p.Y, p.X)
	}
	return p
}

// storedRect finds a rectangle of the upright picture in the stored one of the
// given size.
func storedRect(r image.Rectangle, size image.Point, orientation int) image.Rectangle {
	if orientation >= 5 { // rows are columns
		r = image.Rect(r.Min.Y, r.Min.X, r.Max.Y, r.Max.X)
	}
	mirrorX := orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8
	mirrorY := orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7
	if mirrorX {
		r.Min.X, r.Max.X = size.X-r.Max.X, size.X-r.Min.X
	}
	if mirrorY {
		r.Min.Y, r.Max.Y = size.Y-r.Max.Y, size.Y-r.Min.Y
	}
	return r
}

// cleanAperture reads clap: a size, and how far its centre lies from that of the
// picture, all as fractions. A crop that reaches outside is cut at the edge, and
// one that leaves nothing is damage.
func cleanAperture(b box, size image.Point) (image.Rectangle, error) {
	r := reader{b: b.payload}
	signed := func() float64 { return float64(int32(r.u32())) }
	fraction := func(n float64) float64 { return n / float64(r.u32()) }
	w := fraction(float64(r.u32()))
	h := fraction(float64(r.u32()))
	x := fraction(signed())
	y := fraction(signed())
	if err := r.err("clap"); err != nil {
		return image.Rectangle{}, err
	}
	for _, v := range []float64{w, h, x, y} {
		if math.IsNaN(v) || math.Abs(v) > 1<<30 {
			return image.Rectangle{}, fmt.Errorf("a crop of %gx%g at %g,%g", w, h, x, y)
		}
	}
	left := int(math.Floor(x + (float64(size.X)-w)/2 + 0.5))
	top := int(math.Floor(y + (float64(size.Y)-h)/2 + 0.5))
	crop := image.Rect(left, top, left+int(w+0.5), top+int(h+0.5)).Intersect(image.Rectangle{Max: size})
	if crop.Empty() {
		return crop, fmt.Errorf("a crop of %gx%g at %g,%g leaves nothing of %v", w, h, x, y, size)
	}
	return crop, nil
}

// upright is the size of what is shown.
func (t *transform) upright() image.Point { return uprightSize(t.crop.Size(), t.orientation) }

// place says where a stored pixel inside the crop is shown, as a number of pixels
// from the first, and how far its right neighbour is from it.
func (t *transform) place(x, y int) (at, step int) {
	x, y = x-t.crop.Min.X, y-t.crop.Min.Y
	w, h := t.crop.Dx(), t.crop.Dy()
	if t.orientation >= 5 {
		step = h
		at = y
		if t.orientation == 6 || t.orientation == 7 {
			at = h - 1 - y
		}
		if t.orientation >= 7 {
			return at + (w-1-x)*h, -step
		}
		return at + x*h, step
	}
	if t.orientation == 3 || t.orientation == 4 {
		y = h - 1 - y
	}
	if t.orientation == 2 || t.orientation == 3 {
		return y*w + w - 1 - x, -1
	}
	return y*w + x, 1
}

// isAlpha reports whether an auxiliary picture is an alpha plane.
func (it *item) isAlpha() bool {
	b, ok := it.property("auxC")
	if !ok || len(b.payload) < 4 {
		return false
	}
	name, _, _ := bytes.Cut(b.payload[4:], []byte{0})
	switch string(name) {
	case "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", "urn:mpeg:hevc:2015:auxid:1", "urn:mpeg:avc:2015:auxid:1":
		return true
	}
	return false
}

// coding is what the configuration box of a coded picture says.
type coding struct {
	config []byte
	depth  int
	chroma int // 0: grey, 1: 4:2:0, 2: 4:2:2, 3: 4:4:4
}

// codingOf reads hvcC (ISO/IEC 14496-15, 8.3.3) or av1C (AV1 in ISOBMFF, 2.3).
func codingOf(kind string, properties []box) (coding, error) {
	name := "hvcC"
	if kind == "av01" {
		name = "av1C"
	}
	i := -1
	for j, p := range properties {
		if p.name == name {
			i = j
			break
		}
	}
	if i < 0 {
		if kind == "av01" { // the bitstream says it all
			return coding{depth: 8, chroma: 3}, nil
		}
		return coding{}, fmt.Errorf("no %s box", name)
	}
	c := coding{config: properties[i].payload, depth: 8}
	b := c.config
	if kind == "av01" {
		if len(b) < 4 {
			return c, fmt.Errorf("short %s box", name)
		}
		if b[2]&0x40 != 0 {
			c.depth = 10 + 2*int(b[2]>>5&1)
		}
		if b[2]&0x10 == 0 {
			c.chroma = 3 - int(b[2]>>3&1) - int(b[2]>>2&1)
		}
		return c, nil
	}
	if len(b) < 23 {
		return c, fmt.Errorf("short %s box", name)
	}
	c.chroma = int(b[16] & 3)
	c.depth = 8 + int(max(b[17]&7, b[18]&7))
	return c, nil
}
