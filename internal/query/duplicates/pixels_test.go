package duplicates_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/sightline/sightline/internal/imaging"
	"github.com/sightline/sightline/internal/query/duplicates"
)

// scene is a picture with something in it everywhere, as pixels and as an image.
func scene(w, h int, seed float64) (*imaging.RGB, image.Image) {
	p, m := imaging.NewRGB(w, h), image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			u, v := float64(x)/float64(w), float64(y)/float64(h)
			c := color.NRGBA{
				uint8(127 + 120*math.Sin(9*u+seed)*math.Cos(5*v)), uint8(127 + 100*math.Cos(seed*7*v+u)), uint8(40 + 150*u*v), 255,
			}
			m.SetNRGBA(x, y, c)
			p.Pix[3*(y*w+x)], p.Pix[3*(y*w+x)+1], p.Pix[3*(y*w+x)+2] = c.R, c.G, c.B
		}
	}
	return p, m
}

// What is kept while indexing and what is read of a file later are one thing: both are
// compared with each other.
func TestReducerIsLookOf(t *testing.T) {
	var reducer duplicates.Reducer
	other, _ := scene(300, 300, 2.9)
	far := reducer.Look(other)
	for _, size := range []image.Point{{640, 480}, {128, 96}, {127, 400}, {40, 30}, {1, 1}, {3, 2000}, {2000, 3}} {
		p, m := scene(size.X, size.Y, 0.4)
		a, b := reducer.Look(p), duplicates.LookOf(m)
		if a.Colour != b.Colour {
			t.Errorf("%v: in colour %v and %v", size, a.Colour, b.Colour)
		}
		if size.X < 30 || size.Y < 30 { // too little to tell anything by
			continue
		}
		if d, n := duplicates.Distance(&a, &b), duplicates.Nearness(&a, &b); d > 2 || n < 0.995 {
			t.Errorf("%v: distance %d, nearness %v", size, d, n)
		}
		if duplicates.AreNear(&a, &far) {
			t.Errorf("%v: near to another picture", size)
		}
	}
	none := duplicates.LookOf(image.NewGray(image.Rect(0, 0, 0, 0)))
	if duplicates.AreNear(&none, &none) {
		t.Error("nothing is near to nothing")
	}
	grey := imaging.NewRGB(500, 300)
	for i := range grey.Pix {
		grey.Pix[i] = byte(i / 3 % 500 / 2)
	}
	if l := reducer.Look(grey); l.Colour {
		t.Error("a grey picture is in colour")
	}
}

// BenchmarkReducer is what keeping it costs a run for each picture: beside decoding
// and embedding it must not be felt.
func BenchmarkReducer(b *testing.B) {
	var reducer duplicates.Reducer
	p, _ := scene(400, 300, 0.4)
	for b.Loop() {
		reducer.Look(p)
	}
}
