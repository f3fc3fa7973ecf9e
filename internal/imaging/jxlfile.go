package imaging

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/sightline/sightline/internal/imaging/icc"
	"github.com/sightline/sightline/internal/imaging/jxl"
	"github.com/sightline/sightline/internal/imaging/metadata"
)

// jxlHeader reads the size in Go. The decoder applies the orientation, which is the
// codestream's; the one in the EXIF block does not count.
func jxlHeader(data []byte) (header, error) {
	h, err := jxl.ReadHeader(data)
	return header{width: h.Width, height: h.Height, orientation: h.Orientation, turns: true}, err
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

// readJXLMeta reads the blocks that are compressed with Brotli, in which the readers of
// metadata find nothing; otherwise it returns what they found. What XMP says of keywords
// and title comes on top of the EXIF block.
func readJXLMeta(data []byte, found metadata.Metadata) metadata.Metadata {
	h, err := jxl.ReadHeader(data)
	if err != nil || h.Exif == nil && h.XMP == nil {
		return found
	}
	m := readMeta(h.Exif)
	x, err := metadata.ReadSidecar(h.XMP)
	if err != nil {
		return m
	}
	if m.Date.IsZero() {
		m.Date = x.Date
	}
	m.Keywords = append(m.Keywords, x.Keywords...)
	m.Title, m.Caption, m.Rating = cmp.Or(m.Title, x.Title), cmp.Or(m.Caption, x.Caption), cmp.Or(m.Rating, x.Rating)
	return m
}
