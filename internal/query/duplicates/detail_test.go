package duplicates_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/sightline/sightline/internal/query/duplicates"
)

// disc is a dark oval on white with a pattern on it, as fruit and balls are photographed.
func disc(oval float64, pattern func(u, v float64) float64) image.Image {
	const side = 200
	m := image.NewGray(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			u, v := float64(x)/side*2-1, float64(y)/side*2-1
			m.SetGray(x, y, color.Gray{255})
			if u*u+oval*v*v < 0.8 {
				m.SetGray(x, y, color.Gray{uint8(90 + 25*u + 30*pattern(u, v))})
			}
		}
	}
	return m
}

// Two round things on white are near by their points, and not by their outlines and details.
func TestDetail(t *testing.T) {
	stripes := disc(1, func(u, _ float64) float64 { return math.Sin(9 * u) })
	rings := disc(1.25, func(u, v float64) float64 { return math.Cos(9 * math.Hypot(u, v)) })
	a, b := duplicates.LookOf(stripes), duplicates.LookOf(rings)
	if n := duplicates.Nearness(&a, &b); n < 0.9 {
		t.Fatalf("nearness %.3f: the test is none", n)
	}
	if d := duplicates.Detail(&a, &b); d > 0.79 || duplicates.AreNear(&a, &b) {
		t.Errorf("different things: detail %.3f", d)
	}
	for name, edit := range edits {
		e := duplicates.LookOf(edit(stripes))
		if d := duplicates.Detail(&a, &e); d < 0.8 {
			t.Errorf("%s: detail %.3f", name, d)
		}
	}
	flat := duplicates.LookOf(image.NewGray(image.Rect(0, 0, 50, 50)))
	if d := duplicates.Detail(&flat, &flat); d != -1 {
		t.Errorf("pictures of one colour: %v", d)
	}
}
