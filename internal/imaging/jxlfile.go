package imaging

import (
	"context"
	"errors"
	"fmt"

	"github.com/sightline/sightline/internal/imaging/icc"
	"github.com/sightline/sightline/internal/imaging/jxl"
)

// jxlHeader reads the size in Go. The decoder applies the orientation, which is the
// codestream's; the one in the EXIF block does not count.
func jxlHeader(data []byte) (header, error) {
	h, err := jxl.ReadHeader(data)
	return header{width: h.Width, height: h.Height, orientation: h.Orientation, upright: true}, err
}

func decodeJXL(data []byte, _ header, o Options) (*RGB, error) {
	p, err := jxl.Decode(context.Background(), data, jxl.Options{AsStored: o.Colour != ColourSRGB})
	if errors.Is(err, jxl.ErrMemory) || errors.Is(err, jxl.ErrTime) {
		return nil, fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	if err != nil {
		return nil, err
	}
	if t := transformOf(icc.Space{Profile: p.ICC}); t != nil {
		applyTransform(t, p.Pix)
	}
	return &RGB{Pix: p.Pix, Width: p.Width, Height: p.Height}, nil
}
