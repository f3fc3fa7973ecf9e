// Package tiff reads the first picture of a TIFF file as 8-bit RGB, in what way
// soever it is stored: any byte order, classic and BigTIFF; strips and tiles,
// samples side by side or in planes; grey, palette, RGB, CMYK, YCbCr and Lab of 1
// to 64 bits and floating point; every compression that scanners, fax programs and
// picture editors write.
//
// It is Go throughout, so that a hostile file meets bounds checks and not a C
// library, and it reads a row at a time: besides the picture itself, memory holds
// a row or so. What a file claims is held against what its data can become before
// the picture is allocated.
//
// The reference is Pillow, which reads through libtiff. Where this package differs:
// 16-bit samples are scaled and not clipped; samples of more bits and of floating
// point follow the rule at mapping; transparency lies on white.
package tiff

import (
	"errors"
	"fmt"
)

// ErrUnsupported is a sound file of a kind that is not read, wrapped with what kind.
var ErrUnsupported = errors.New("unsupported TIFF")

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnsupported}, args...)...)
}

// Config is what the directory of the picture says.
type Config struct {
	Width, Height int
	// Orientation is the tag's value, 1 to 8, or 0 where there is none that means
	// anything. The pixels are as stored; turning them is the caller's business.
	Orientation int
}

// JPEG decodes a whole JPEG stream, for strips and tiles that are compressed so.
// It gives rows of width pixels of so many components, 8 bits each, tightly packed.
// With convert, three components are YCbCr and become RGB; without, components come
// as they are coded, whatever markers in the stream say about colours. An error that
// wraps ErrUnsupported speaks for the whole picture. One beside rows says what is
// wrong with them, which are shown all the same.
type JPEG func(stream []byte, convert bool) (pix []byte, width, height, components int, err error)

// Options is what the caller lends to Decode.
type Options struct {
	// JPEG may be nil, which leaves what needs it unsupported.
	JPEG JPEG
	// Inks converts pixels of CMYK, four bytes each of which 255 is all of the ink, to RGB;
	// nil means the naive way, without a profile.
	Inks func(rgb, inks []byte)
}

// ReadConfig reads the directory of the picture that Decode would give, and no pixels.
func ReadConfig(data []byte) (Config, error) {
	dir, err := pictureDirectory(data)
	if err != nil {
		return Config{}, err
	}
	return dir.config()
}

// Decode reads the picture as RGB, three bytes a pixel, top row first. Where some of the data is missing or
// damaged, but at most a fifth of the picture, it gives the picture and the error.
func Decode(data []byte, o Options) (pix []byte, c Config, err error) {
	dir, err := pictureDirectory(data)
	if err != nil {
		return nil, c, err
	}
	if c, err = dir.config(); err != nil {
		return nil, c, err
	}
	d := decoder{data: data, jpeg: o.JPEG, inks: o.Inks}
	if d.layout, err = newLayout(dir, c); err != nil {
		return nil, c, err
	}
	pix, err = d.picture()
	return pix, c, err
}
