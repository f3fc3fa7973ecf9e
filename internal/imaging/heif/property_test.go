package heif

import (
	"encoding/binary"
	"image"
	"slices"
	"testing"
)

// numbered is a canvas whose pixels are all different.
func numbered(w, h int) *canvas {
	c := newCanvas(image.Pt(w, h))
	for i := range c.pix {
		c.pix[i] = byte(i)
	}
	return c
}

func (c *canvas) turned(orientation int) *canvas {
	return c.transformed(transform{crop: image.Rect(0, 0, c.width, c.height), orientation: orientation})
}

// at is the pixel of a canvas.
func (c *canvas) at(x, y int) [3]byte { return [3]byte(c.pix[3*(y*c.width+x):]) }

func same(a, b *canvas) bool {
	return a.width == b.width && a.height == b.height && slices.Equal(a.pix, b.pix)
}

// TestOrientationsMean checks the eight orientations pixel by pixel against the
// definition of EXIF: where the stored picture's first row and column are shown.
func TestOrientationsMean(t *testing.T) {
	const w, h = 3, 2
	src := numbered(w, h)
	for o, from := range map[int]func(x, y int) (int, int){
		1: func(x, y int) (int, int) { return x, y },
		2: func(x, y int) (int, int) { return w - 1 - x, y },
		3: func(x, y int) (int, int) { return w - 1 - x, h - 1 - y },
		4: func(x, y int) (int, int) { return x, h - 1 - y },
		5: func(x, y int) (int, int) { return y, x },
		6: func(x, y int) (int, int) { return y, h - 1 - x },
		7: func(x, y int) (int, int) { return w - 1 - y, h - 1 - x },
		8: func(x, y int) (int, int) { return w - 1 - y, x },
	} {
		got := src.turned(o)
		for y := range got.height {
			for x := range got.width {
				if sx, sy := from(x, y); got.at(x, y) != src.at(sx, sy) {
					t.Errorf("orientation %d: (%d, %d) is not the stored (%d, %d)", o, x, y, sx, sy)
				}
			}
		}
	}
}

// TestOrientationAlgebra checks the tables of the boxes against pixels: each step
// applied to an upright picture must do what the table says.
func TestOrientationAlgebra(t *testing.T) {
	src := numbered(3, 2)
	steps := []struct {
		name  string
		table [9]int
		alone int // the EXIF orientation that is this step by itself
	}{
		{"turn left", thenTurnLeft, 8},
		{"flip left and right", thenFlipLeftRight, 2},
		{"flip top and bottom", thenFlipTopBottom, 4},
	}
	for _, step := range steps {
		for o := 1; o <= 8; o++ {
			want := src.turned(o).turned(step.alone)
			if !same(want, src.turned(step.table[o])) {
				t.Errorf("%s after orientation %d is not orientation %d", step.name, o, step.table[o])
			}
		}
	}
}

func clap(numbers ...int32) box {
	var b []byte
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	return box{"clap", b}
}

// TestCropBeforeAndAfterATurn crops the same part of the same picture in both orders.
func TestCropBeforeAndAfterATurn(t *testing.T) {
	size := image.Pt(10, 6)
	irot := box{"irot", []byte{1}} // a quarter turn left
	tests := []struct {
		name       string
		properties []box
		want       transform
	}{
		{"none", nil, transform{image.Rect(0, 0, 10, 6), 1, false}},
		{"middle", []box{clap(4, 1, 2, 1, 0, 1, 0, 1)}, transform{image.Rect(3, 2, 7, 4), 1, false}},
		{"corner", []box{clap(4, 1, 2, 1, -3, 1, -2, 1)}, transform{image.Rect(0, 0, 4, 2), 1, false}},
		{"half offsets", []box{clap(5, 1, 3, 1, -5, 2, 3, 2)}, transform{image.Rect(0, 3, 5, 6), 1, false}},
		{"then turned", []box{clap(4, 1, 2, 1, -3, 1, -2, 1), irot}, transform{image.Rect(0, 0, 4, 2), 8, true}},
		// Turned left, the picture is 6x10, and its top left is the stored top right.
		{"turned first", []box{irot, clap(2, 1, 4, 1, -2, 1, -3, 1)}, transform{image.Rect(6, 0, 10, 2), 8, true}},
		{"beyond the edge", []box{clap(20, 1, 20, 1, 0, 1, 0, 1)}, transform{image.Rect(0, 0, 10, 6), 1, false}},
		{"no turn, said", []box{{"irot", []byte{0}}}, transform{image.Rect(0, 0, 10, 6), 1, true}},
		{"mirrored", []box{{"imir", []byte{1}}}, transform{image.Rect(0, 0, 10, 6), 2, true}},
	}
	for _, tt := range tests {
		got, err := transformOf(tt.properties, size)
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
	for _, bad := range []box{clap(4, 0, 2, 1, 0, 1, 0, 1), clap(4, 1, 2, 1, 100, 1, 0, 1), {"clap", nil}, {"irot", nil}, {"imir", nil}} {
		if got, err := transformOf([]box{bad}, size); err == nil {
			t.Errorf("%v is %+v", bad, got)
		}
	}
}
