package imaging

import (
	"errors"

	"github.com/sightline/sightline/internal/imaging/bmp"
)

func bmpHeader(data []byte) (header, error) {
	c, err := bmp.ReadConfig(data)
	return header{width: c.Width, height: c.Height}, bmpKind(err)
}

func decodeBMP(data []byte, _ header, _ Options) (*RGB, error) {
	pix, c, err := bmp.Decode(data)
	if pix == nil {
		return nil, bmpKind(err)
	}
	return &RGB{Pix: pix, Width: c.Width, Height: c.Height}, err
}

func bmpKind(err error) error {
	if errors.Is(err, bmp.ErrUnsupported) {
		return unsupportedKind{err}
	}
	return err
}
