package resample

import (
	"bytes"
	"fmt"
	"image"
	"math/rand/v2"
	"testing"
)

func needVectors(t testing.TB) {
	t.Helper()
	if !hasVectors() {
		t.Skip("this processor lacks the vector instructions")
	}
}

// noise returns n bytes, of which half are 0 or 255: at those the sums overshoot most.
func noise(seed uint64, n int) []byte {
	rng := rand.New(rand.NewPCG(seed, 1))
	p := make([]byte, n)
	for i := range p {
		switch v := rng.Uint32(); v >> 8 % 4 {
		case 0:
			p[i] = 0
		case 1:
			p[i] = 255
		default:
			p[i] = byte(v)
		}
	}
	return p
}

var filters = []Filter{Bilinear, Bicubic, Lanczos}

// geometries are those at which the code has reasons to go wrong.
func geometries() []Geometry {
	var all []Geometry
	add := func(fromX, fromY, toX, toY int, crop image.Rectangle) {
		for _, f := range filters {
			all = append(all, Geometry{image.Pt(fromX, fromY), image.Pt(toX, toY), crop, f})
		}
	}
	whole := func(fromX, fromY, toX, toY int) { add(fromX, fromY, toX, toY, image.Rect(0, 0, toX, toY)) }
	whole(1, 1, 1, 1)
	whole(1, 1, 300, 7)
	whole(2, 300, 31, 3)
	whole(7, 5, 7, 5)     // nothing to do
	whole(64, 48, 64, 20) // in one direction
	whole(64, 48, 20, 48)
	for side := 1; side < 24; side++ { // every remainder of blocks, groups and steps
		whole(40+side, 30+side, side, side+1)
		whole(side, side+3, 25, 19)
	}
	whole(2000, 3, 1, 1) // hundreds of taps
	whole(3, 2000, 2, 1)
	whole(40000, 1, 2, 1)
	whole(640, 480, 298, 224)
	add(640, 480, 298, 224, image.Rect(37, 0, 261, 224))
	add(500, 333, 384, 256, image.Rect(64, 0, 320, 256))
	add(100, 80, 333, 222, image.Rect(332, 221, 333, 222)) // one pixel, in the corner
	add(100, 80, 33, 22, image.Rect(32, 5, 33, 22))
	add(100, 80, 33, 22, image.Rect(0, 21, 33, 22))
	return all
}

func (g Geometry) String() string {
	return fmt.Sprintf("%dx%d to %dx%d, %s, crop %v", g.From.X, g.From.Y, g.To.X, g.To.Y, g.Filter, g.Crop)
}

// checkWays compares the two ways of Resizers that are used again.
func checkWays(t *testing.T, byGo, byVectors *Resizer, src []byte, g Geometry) {
	t.Helper()
	want := byGo.resize(nil, src, g, false)
	got := byVectors.resize(nil, src, g, true)
	if !bytes.Equal(got, want) {
		i := 0
		for got[i] == want[i] {
			i++
		}
		n := 3 * g.Crop.Dx()
		t.Fatalf("%v: sample %d of row %d is %d by vector instructions, %d in Go", g, i%n, i/n, got[i], want[i])
	}
}

func TestVectorsEqualGo(t *testing.T) {
	needVectors(t)
	var byGo, byVectors Resizer
	for i, g := range geometries() {
		checkWays(t, &byGo, &byVectors, noise(uint64(i), 3*g.From.X*g.From.Y), g)
	}
}

// Extremes of samples make the greatest sums, of either sign.
func TestVectorsEqualGoAtExtremes(t *testing.T) {
	needVectors(t)
	var byGo, byVectors Resizer
	for _, g := range geometries() {
		src := make([]byte, 3*g.From.X*g.From.Y)
		for _, period := range []int{1, 2, 3, 5, 9} {
			for i := range src {
				src[i] = byte(255 * (i / 3 / period % 2))
			}
			checkWays(t, &byGo, &byVectors, src, g)
		}
		for i := range src {
			src[i] = 255
		}
		checkWays(t, &byGo, &byVectors, src, g)
	}
}

func FuzzVectorsEqualGo(f *testing.F) {
	f.Add(uint64(1), uint16(64), uint16(48), uint16(20), uint16(15), uint16(2), uint16(0), uint16(18), uint16(15), uint8(1))
	f.Add(uint64(2), uint16(1), uint16(1), uint16(9), uint16(9), uint16(8), uint16(8), uint16(1), uint16(1), uint8(2))
	f.Add(uint64(3), uint16(17), uint16(300), uint16(17), uint16(5), uint16(0), uint16(0), uint16(17), uint16(5), uint8(0))
	f.Fuzz(func(t *testing.T, seed uint64, fromX, fromY, toX, toY, left, top, width, height uint16, filter uint8) {
		needVectors(t)
		const most = 320
		within := func(v uint16, n int) int { return int(v) % n }
		g := Geometry{
			From:   image.Pt(1+within(fromX, most), 1+within(fromY, most)),
			To:     image.Pt(1+within(toX, most), 1+within(toY, most)),
			Filter: filters[int(filter)%len(filters)],
		}
		at := image.Pt(within(left, g.To.X), within(top, g.To.Y))
		size := image.Pt(1+within(width, g.To.X-at.X), 1+within(height, g.To.Y-at.Y))
		g.Crop = image.Rectangle{Min: at, Max: at.Add(size)}
		checkWays(t, new(Resizer), new(Resizer), noise(seed, 3*g.From.X*g.From.Y), g)
	})
}
