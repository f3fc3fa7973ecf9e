package clip

import (
	"fmt"
	"image"
	"math"

	"github.com/sightline/sightline/internal/imaging"
)

// Preprocess is a bundle's picture preprocessing, as its
// preprocessor_config.json states it.
type Preprocess struct {
	Size   Size // what the shorter side (Crop) or the whole picture (Squash) is resized to
	Crop   Size // the centre crop after it; what the graph receives
	Fit    Fit
	Filter imaging.Filter
	Mean   [3]float32 // per channel, of values in 0..1
	Std    [3]float32
	Mode   imaging.Mode
	Colour imaging.Colour
}

// Size is a width and a height in pixels.
type Size struct{ Width, Height int }

// Fit says how a picture that is not square becomes the model's square.
type Fit string

// The two ways that models were trained with.
const (
	FitCrop   Fit = "crop"   // shorter side to size, then the centre (CLIP)
	FitSquash Fit = "squash" // both sides to size, aspect ratio lost (SigLIP)
)

// ShortSide is what to pass as imaging.Options.ShortSide: the length that the
// shorter side of a picture is resized to, or a safe bound of it.
func (p Preprocess) ShortSide() int {
	if p.Fit == FitSquash {
		return max(p.Size.Width, p.Size.Height)
	}
	return p.Size.Width
}

// Into prepares one picture; see Preparer, which is the faster way to prepare many.
func (p Preprocess) Into(img *imaging.RGB, dst []float32) error {
	return NewPreparer(p).Into(img, dst)
}

// Preparer turns pictures into the numbers that a graph receives. It keeps its
// memory from picture to picture, so each worker should have one of its own: it
// is not safe for concurrent use.
type Preparer struct {
	p       Preprocess
	resizer imaging.Resizer
	pixels  imaging.RGB
	table   [3][256]float32 // the normalised value of each sample, by channel
}

// NewPreparer returns a Preparer for p.
func NewPreparer(p Preprocess) *Preparer {
	pr := &Preparer{p: p}
	for c := range pr.table {
		for v := range pr.table[c] {
			pr.table[c][v] = normalise(v, p.Mean[c], p.Std[c])
		}
	}
	return pr
}

// normalise rounds where transformers' image processors do: the scaled value in
// float64 to float32, then the difference, then the quotient.
func normalise(v int, mean, std float32) float32 {
	const rescale = 1 / 255.0
	scaled := float32(float64(v) * rescale)
	return float32(scaled-mean) / std
}

// Into resizes, crops and normalises img into dst, which is a slot of a Batch:
// three planes of Crop.Height rows of Crop.Width values.
//
// The geometry is openai/CLIP's: the longer side is truncated to a whole pixel, the
// crop is centred by rounding half to even, and a crop that is larger than the
// resized picture is padded with black before the normalisation.
func (pr *Preparer) Into(img *imaging.RGB, dst []float32) error {
	p := pr.p
	if err := p.check(img, dst); err != nil {
		return fmt.Errorf("prepare picture: %w", err)
	}
	size, at := p.Size, image.Point{}
	crop := p.Crop
	if p.Fit == FitCrop {
		size = shortSideTo(img.Width, img.Height, p.Size.Width)
		at = image.Pt(cropOffset(size.Width, crop.Width), cropOffset(size.Height, crop.Height))
	}
	// window is the crop in the coordinates of the resized picture, visible what
	// the picture has of it.
	window := image.Rectangle{Min: at, Max: at.Add(image.Pt(crop.Width, crop.Height))}
	visible := window.Intersect(image.Rect(0, 0, size.Width, size.Height))
	pr.resizer.ResizeCrop(&pr.pixels, img, size.Width, size.Height, p.Filter, visible)
	if visible != window {
		pr.blacken(dst)
	}
	pr.write(dst, visible.Min.Sub(window.Min))
	return nil
}

func (p Preprocess) check(img *imaging.RGB, dst []float32) error {
	switch {
	case p.Size.Width <= 0 || p.Size.Height <= 0 || p.Crop.Width <= 0 || p.Crop.Height <= 0:
		return fmt.Errorf("size %v, crop %v: not positive", p.Size, p.Crop)
	case p.Fit != FitCrop && p.Fit != FitSquash:
		return fmt.Errorf("unknown fit %q", p.Fit)
	case p.Fit == FitSquash && p.Size != p.Crop:
		return fmt.Errorf("squash to %v, but the graph receives %v", p.Size, p.Crop)
	case p.Filter != imaging.Bilinear && p.Filter != imaging.Bicubic && p.Filter != imaging.Lanczos:
		return fmt.Errorf("unknown filter %q", p.Filter)
	case img.Width <= 0 || img.Height <= 0 || len(img.Pix) != 3*img.Width*img.Height:
		return fmt.Errorf("picture of %dx%d in %d bytes", img.Width, img.Height, len(img.Pix))
	case len(dst) != 3*p.Crop.Width*p.Crop.Height:
		return fmt.Errorf("slot of %d values for a crop of %v", len(dst), p.Crop)
	}
	return nil
}

// shortSideTo scales a size so that its shorter side is target. The longer one is
// int(target*long/short), as in torchvision and transformers.
func shortSideTo(width, height, target int) Size {
	scale := func(long, short int) int {
		return int(float64(target*long) / float64(short))
	}
	if width <= height {
		return Size{target, scale(height, width)}
	}
	return Size{scale(width, height), target}
}

// cropOffset is where a crop begins on an axis: negative where the crop is the
// larger one, with the odd pixel of padding after the picture.
func cropOffset(size, crop int) int {
	if crop > size {
		return -((crop - size) / 2)
	}
	return int(math.RoundToEven(float64(size-crop) / 2))
}

// blacken fills dst with what black pixels become.
func (pr *Preparer) blacken(dst []float32) {
	plane := len(dst) / 3
	for c := range 3 {
		black := pr.table[c][0]
		for i := range dst[c*plane : (c+1)*plane] {
			dst[c*plane+i] = black
		}
	}
}

// write normalises the resized pixels into the planes of dst, with their top left
// corner at the given place.
func (pr *Preparer) write(dst []float32, at image.Point) {
	w, h := pr.pixels.Width, pr.pixels.Height
	plane := len(dst) / 3
	for y := range h {
		row := pr.pixels.Pix[3*w*y : 3*w*(y+1)]
		start := (at.Y+y)*pr.p.Crop.Width + at.X
		pr.writeRow(row, dst[start:][:w], dst[plane+start:][:w], dst[2*plane+start:][:w])
	}
}

// writeRow normalises a row into those of the planes. Four pixels at a time cost a
// quarter less than one.
func (pr *Preparer) writeRow(row []byte, red, green, blue []float32) {
	reds, greens, blues := &pr.table[0], &pr.table[1], &pr.table[2]
	for len(row) >= 12 && len(red) >= 4 && len(green) >= 4 && len(blue) >= 4 {
		red[0], green[0], blue[0] = reds[row[0]], greens[row[1]], blues[row[2]]
		red[1], green[1], blue[1] = reds[row[3]], greens[row[4]], blues[row[5]]
		red[2], green[2], blue[2] = reds[row[6]], greens[row[7]], blues[row[8]]
		red[3], green[3], blue[3] = reds[row[9]], greens[row[10]], blues[row[11]]
		row, red, green, blue = row[12:], red[4:], green[4:], blue[4:]
	}
	for x := range red {
		p := row[3*x : 3*x+3]
		red[x], green[x], blue[x] = reds[p[0]], greens[p[1]], blues[p[2]]
	}
}
