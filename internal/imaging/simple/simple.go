// Package simple reads simple formats that few pictures are in today and that Pillow still
// opens, as 8-bit RGB: PNM (PBM, PGM, PPM and PAM), TGA, PCX, QOI and Windows icons.
//
// The reference is Pillow, but what is transparent is laid on white and samples of 16
// bits are scaled. Of an icon the largest picture counts, and of several pictures in a row
// the first.
package simple

import (
	"errors"
	"fmt"

	"github.com/sightline/sightline/internal/imaging/rgb"
)

// ErrUnsupported is a sound file of a kind that is not read, wrapped with what kind.
var ErrUnsupported = errors.New("unsupported picture")

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnsupported}, args...)...)
}

var errHeader = errors.New("the file ends inside its header")

// mayLose is the share of the rows, as 1/n, that a picture may lack and still be given.
const mayLose = 5

// canvas makes the pixels of a picture that data may hold: bytes is what its rows take at
// the least, where few may be missing.
func canvas(width, height, bytes, have int) ([]byte, error) {
	if width <= 0 || height <= 0 {
		return nil, fmt.Errorf("size %dx%d", width, height)
	}
	if float64(have) < float64(bytes)*(mayLose-1)/mayLose-1 {
		return nil, fmt.Errorf("%d bytes of data cannot hold %dx%d pixels", have, width, height)
	}
	return make([]byte, 3*width*height), nil
}

// judge says what becomes of a picture with so many of its rows.
func judge(pix []byte, rows, height int) ([]byte, error) {
	missing := height - rows
	switch {
	case missing <= 0:
		return pix, nil
	case missing*mayLose > height:
		return nil, fmt.Errorf("%d of %d rows are missing", missing, height)
	}
	return pix, fmt.Errorf("%d of %d rows are missing", missing, height)
}

// over lays straight pixels of four bytes on white. Where no pixel has any alpha, the
// writer meant none.
func over(pix, rgba []byte) {
	clear := true
	for i := 3; i < len(rgba); i += 4 {
		if rgba[i] != 0 {
			clear = false
			break
		}
	}
	if clear {
		for i := 3; i < len(rgba); i += 4 {
			rgba[i] = 255
		}
	}
	rgb.Straight(pix, rgba, 4)
}
