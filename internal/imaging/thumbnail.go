package imaging

import (
	"fmt"
	"image"
	"os"
)

// Thumbnail reads a picture file small: its longer side has at most side pixels. A file
// that is larger than the default limit, or no regular file, is not read.
func Thumbnail(path string, side int) (image.Image, error) {
	limits := Limits{}.WithDefaults()
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if info.Size() > limits.MaxBytes {
		return nil, fmt.Errorf("%w: %s has %d bytes, at most %d are read", ErrTooLarge, path, info.Size(), limits.MaxBytes)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ThumbnailOf(data, side, limits)
}

// ThumbnailOf is Thumbnail for the bytes of a file.
func ThumbnailOf(data []byte, side int, limits Limits) (image.Image, error) {
	rgb, _, err := Decode(data, Options{Mode: Fast, ShortSide: side / 2, Limits: limits})
	if err != nil {
		return nil, err
	}
	if longer := max(rgb.Width, rgb.Height); longer > side {
		w, h := max(1, rgb.Width*side/longer), max(1, rgb.Height*side/longer)
		rgb = Resize(rgb, w, h, Bilinear)
	}
	out := image.NewNRGBA(image.Rect(0, 0, rgb.Width, rgb.Height))
	for i := range rgb.Width * rgb.Height {
		copy(out.Pix[4*i:], rgb.Pix[3*i:3*i+3])
		out.Pix[4*i+3] = 0xff
	}
	return out, nil
}
