package imaging

import (
	"errors"

	"github.com/sightline/sightline/internal/imaging/png"
)

func pngHeader(data []byte) (header, error) {
	c, err := png.ReadConfig(data)
	return header{width: c.Width, height: c.Height}, pngKind(err)
}

func decodePNG(data []byte, _ header, _ Options) (*RGB, error) {
	pix, c, err := png.Decode(data)
	if pix == nil {
		return nil, pngKind(err)
	}
	return &RGB{Pix: pix, Width: c.Width, Height: c.Height}, err
}

func pngKind(err error) error {
	if errors.Is(err, png.ErrUnsupported) {
		return unsupportedKind{err}
	}
	return err
}
