package resample

import (
	"fmt"
	"image"
	"testing"
)

// BenchmarkPasses compares the two ways to compute the same, on pictures of which the
// centre is wanted. "sizes" changes the size from call to call, so that the coefficients
// are computed too.
func BenchmarkPasses(b *testing.B) {
	for _, from := range []image.Point{{640, 480}, {1000, 750}, {4000, 3000}} {
		g := centre(from, 256)
		src := noise(1, 3*from.X*from.Y)
		for _, way := range []string{"go", "vectors"} {
			b.Run(fmt.Sprintf("%dx%d/%s", from.X, from.Y, way), func(b *testing.B) {
				if way == "vectors" {
					needVectors(b)
				}
				var r Resizer
				var dst []byte
				for b.Loop() {
					dst = r.resize(dst, src, g, way == "vectors")
				}
			})
		}
	}
	b.Run("sizes", func(b *testing.B) {
		var r Resizer
		var dst []byte
		src := noise(1, 3*640*480)
		for i := 0; b.Loop(); i++ {
			dst = r.Resize(dst, src, centre(image.Pt(639+i%2, 479+i%2), 256))
		}
	})
}

// centre is what a model that takes side by side pixels gets of a wide picture.
func centre(from image.Point, side int) Geometry {
	width := from.X * side / from.Y
	at := (width - side) / 2
	return Geometry{
		From: from, To: image.Pt(width, side), Filter: Bicubic, Crop: image.Rect(at, 0, at+side, side),
	}
}
