// Package resample scales 8-bit RGB pixels bit for bit as the Image.resize of Pillow 12 does.
//
// Pillow 12 resizes the rows first and then the columns (but for pictures that are over a
// hundred times as high as wide; Pillow 13 takes the cheaper order). Each pass sums samples times
// fixed-point coefficients in 32 bits and rounds the sums to samples again, so that its
// results are integers with one right answer. They are computed here in Go (plain.go),
// and on amd64 by vector instructions (vector.go); both give the same bytes.
//
// It is a package beside imaging because the Go assembler is not to be had in a package
// that uses cgo.
package resample

import (
	"fmt"
	"image"
)

// Filter is a resampling kernel of Pillow's, by its name there.
type Filter string

// The kernels that hub preprocessors ask for. All are antialiased: the support
// grows with the reduction.
const (
	Bilinear Filter = "bilinear"
	Bicubic  Filter = "bicubic" // a = -0.5
	Lanczos  Filter = "lanczos" // a = 3
)

// Geometry says what to make of a picture: From and To are its sizes in pixels before
// and after, and Crop is the part of the resized picture that is wanted.
type Geometry struct {
	From, To image.Point
	Crop     image.Rectangle
	Filter   Filter
}

// Resizer resizes with memory that is used again from call to call. The zero value is
// ready. It is not safe for concurrent use: give each worker one.
type Resizer struct {
	horizontal, vertical axis
	plain                plainPasses
	vector               vectorPasses
}

// Resize returns the wanted part of the resized src, in dst if that is large enough,
// and computes no more than that part needs. Both are tightly packed rows of three
// bytes a pixel, top row first, and must not overlap. It panics if a size is not
// positive, src is shorter than its size says, the crop is empty or not inside the
// resized picture, or the filter is none of the package's.
func (r *Resizer) Resize(dst, src []byte, g Geometry) []byte {
	return r.resize(dst, src, g, hasVectors())
}

// resize is Resize by vector instructions or in Go; one Resizer goes only one way.
func (r *Resizer) resize(dst, src []byte, g Geometry, vectors bool) []byte {
	switch {
	case g.To.X <= 0 || g.To.Y <= 0 || g.From.X <= 0 || g.From.Y <= 0:
		panic(fmt.Sprintf("resample: resize of %dx%d to %dx%d", g.From.X, g.From.Y, g.To.X, g.To.Y))
	case g.Crop.Empty() || !g.Crop.In(image.Rectangle{Max: g.To}):
		panic(fmt.Sprintf("resample: crop %v is not inside %dx%d", g.Crop, g.To.X, g.To.Y))
	}
	src = src[:3*g.From.X*g.From.Y]
	dst = grow(dst, 3*g.Crop.Dx()*g.Crop.Dy())
	newColumns := r.horizontal.prepare(g.From.X, g.To.X, g.Crop.Min.X, g.Crop.Max.X, g.Filter)
	newRows := r.vertical.prepare(g.From.Y, g.To.Y, g.Crop.Min.Y, g.Crop.Max.Y, g.Filter)
	if !vectors {
		r.plain.resize(dst, src, &r.horizontal, &r.vertical)
		return dst
	}
	if newColumns {
		r.vector.across.prepare(&r.horizontal)
	}
	if newRows {
		r.vector.down.prepare(&r.vertical)
	}
	r.vector.resize(dst, src, &r.horizontal, &r.vertical)
	return dst
}

// grow returns a slice of length n, reusing s if it is large enough. What it holds
// is left as it was.
func grow[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	return make([]T, n)
}
