package imaging

import (
	"image"

	"github.com/sightline/sightline/internal/imaging/resample"
)

// Filter is a resampling kernel of Pillow's, by its name there.
type Filter = resample.Filter

// The kernels that hub preprocessors ask for. All are antialiased: the support
// grows with the reduction.
const (
	Bilinear = resample.Bilinear
	Bicubic  = resample.Bicubic // a = -0.5
	Lanczos  = resample.Lanczos // a = 3
)

// Resize scales a whole picture to w by h pixels, bit for bit as Pillow's
// Image.resize does with the same filter. It panics if w or h is not positive, src
// is empty or f is none of the package's filters.
func Resize(src *RGB, w, h int, f Filter) *RGB {
	return ResizeCrop(src, w, h, f, image.Rect(0, 0, w, h))
}

// ResizeCrop returns the part crop of Resize(src, w, h, f) and computes no more
// than that part needs. It panics as Resize does, or if crop is empty or not
// inside w by h.
func ResizeCrop(src *RGB, w, h int, f Filter, crop image.Rectangle) *RGB {
	var r Resizer
	dst := new(RGB)
	r.ResizeCrop(dst, src, w, h, f, crop)
	return dst
}

// Resizer is ResizeCrop with memory that is used again from call to call. The
// zero value is ready. It is not safe for concurrent use: give each worker one.
type Resizer struct{ resizer resample.Resizer }

// ResizeCrop is the function of the same name, writing into dst, whose memory is
// reused if it is large enough.
func (r *Resizer) ResizeCrop(dst, src *RGB, w, h int, f Filter, crop image.Rectangle) {
	dst.Pix = r.resizer.Resize(dst.Pix, src.Pix, resample.Geometry{
		From: image.Pt(src.Width, src.Height), To: image.Pt(w, h), Crop: crop, Filter: f,
	})
	dst.Width, dst.Height = crop.Dx(), crop.Dy()
}
