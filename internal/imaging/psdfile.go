package imaging

import (
	"errors"
	"fmt"

	"github.com/sightline/sightline/internal/imaging/icc"
	"github.com/sightline/sightline/internal/imaging/psd"
)

// psdHeader gives the document's size. Photoshop turns a picture's pixels when it
// opens it, so an orientation that is left in the metadata does not count.
func psdHeader(data []byte) (header, error) {
	h, err := psd.ReadHeader(data)
	return header{width: h.Width, height: h.Height, orientation: 1}, psdError(err)
}

func decodePSD(data []byte, h header, o Options) (*RGB, error) {
	var options psd.Options
	if d, err := psd.ReadHeader(data); err == nil && d.Mode == psd.CMYK && o.Colour == ColourSRGB {
		if t := transformOf(icc.Space{Profile: d.ICC}); t != nil && t.Channels() == 4 {
			options.CMYK = t.CMYK
		}
	}
	pix, err := psd.Decode(data, options)
	if pix == nil {
		return nil, psdError(err)
	}
	return &RGB{Pix: pix, Width: h.width, Height: h.height}, psdError(err)
}

func psdError(err error) error {
	if errors.Is(err, psd.ErrUnsupported) {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return err
}
