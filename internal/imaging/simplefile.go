package imaging

import (
	"errors"

	"github.com/sightline/sightline/internal/imaging/simple"
)

// simpleCodec makes a codec of a format of package simple.
func simpleCodec(format Format, sniff func([]byte) bool, size func([]byte) (int, int, error), decode func([]byte) ([]byte, error)) codec {
	return codec{
		format: format,
		sniff:  sniff,
		header: func(data []byte) (header, error) {
			w, h, err := size(data)
			// What is kept besides the result are pixels of four bytes at most.
			return header{width: w, height: h, bytes: 1<<16 + 4*int64(max(w, 0))*int64(max(h, 0))}, simpleKind(err)
		},
		decode: func(data []byte, h header, _ Options) (*RGB, error) {
			pix, err := decode(data)
			if pix == nil {
				return nil, simpleKind(err)
			}
			return &RGB{Pix: pix, Width: h.width, Height: h.height}, err
		},
	}
}

func simpleKind(err error) error {
	if errors.Is(err, simple.ErrUnsupported) {
		return unsupportedKind{err}
	}
	return err
}
