package imaging

import "github.com/sightline/sightline/internal/imaging/gif"

// gifHeader gives the logical screen, which is what a viewer shows, and not the
// first frame, which may be smaller.
func gifHeader(data []byte) (header, error) {
	c, err := gif.ReadConfig(data)
	return header{width: c.Width, height: c.Height}, err
}

func decodeGIF(data []byte, _ header, _ Options) (*RGB, error) {
	pix, c, err := gif.Decode(data)
	if pix == nil {
		return nil, err
	}
	return &RGB{Pix: pix, Width: c.Width, Height: c.Height}, err
}
