package imaging

import (
	"errors"
	"fmt"

	"github.com/sightline/sightline/internal/imaging/icc"
	"github.com/sightline/sightline/internal/imaging/tiff"
)

// tiffHeader reads the directory of the picture. Its orientation is the tag's, for
// the first directory of the file may be that of something else.
func tiffHeader(data []byte) (header, error) {
	c, err := tiff.ReadConfig(data)
	return header{width: c.Width, height: c.Height, orientation: c.Orientation}, tiffKind(err)
}

func decodeTIFF(data []byte, _ header, o Options) (*RGB, error) {
	lent := tiff.Options{JPEG: o.jpegInTIFF}
	if o.Colour == ColourSRGB {
		if t := inksOf(icc.OfTIFF(data)); t != nil {
			lent.Inks = t.CMYK
		}
	}
	pix, c, err := tiff.Decode(data, lent)
	if pix == nil {
		return nil, tiffKind(err)
	}
	return &RGB{Pix: pix, Width: c.Width, Height: c.Height}, err
}

// jpegInTIFF decodes strips and tiles that are JPEG streams.
func (o Options) jpegInTIFF(stream []byte, convert bool) (pix []byte, width, height, components int, err error) {
	pix, width, height, components, err = jpegSamples(o.context(), stream, convert)
	if errors.Is(err, ErrUnsupported) {
		err = fmt.Errorf("%w: %w", tiff.ErrUnsupported, err)
	}
	return pix, width, height, components, err
}

func tiffKind(err error) error {
	if errors.Is(err, tiff.ErrUnsupported) {
		return unsupportedKind{err}
	}
	return err
}

// unsupportedKind makes a package's own error of that meaning ErrUnsupported too.
type unsupportedKind struct{ error }

func (u unsupportedKind) Unwrap() []error { return []error{u.error, ErrUnsupported} }
