package imaging

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/sightline/sightline/internal/imaging/draft"
)

// jpegHeader walks the markers up to the frame header. Both JPEG decoders use it,
// so that limits and Info do not depend on the build.
func jpegHeader(data []byte) (header, error) {
	i := 2 // after SOI
	for {
		// A marker is 0xff and a code; any number of 0xff may fill up before it.
		for i < len(data) && data[i] != 0xff {
			i++
		}
		for i < len(data) && data[i] == 0xff {
			i++
		}
		if i >= len(data) {
			return header{}, errors.New("no frame header")
		}
		code := data[i]
		i++
		switch {
		case code == 0xd8, code == 0x01, code == 0x00, code >= 0xd0 && code <= 0xd7:
			continue // these have no length
		case code == 0xd9, code == 0xda:
			return header{}, errors.New("no frame header before the picture")
		}
		if i+2 > len(data) {
			return header{}, errors.New("file ends inside a marker")
		}
		n := int(binary.BigEndian.Uint16(data[i:]))
		if n < 2 || i+n > len(data) {
			return header{}, fmt.Errorf("marker %#x of %d bytes, %d left in the file", code, n, len(data)-i)
		}
		if isFrameHeader(code) {
			if n < 8 {
				return header{}, errors.New("short frame header")
			}
			return header{
				height: int(binary.BigEndian.Uint16(data[i+3:])),
				width:  int(binary.BigEndian.Uint16(data[i+5:])),
			}, nil
		}
		i += n
	}
}

// isFrameHeader reports whether a marker code is SOF0..SOF15: the range holds
// three codes that mean something else.
func isFrameHeader(code byte) bool {
	return code >= 0xc0 && code <= 0xcf && code != 0xc4 && code != 0xc8 && code != 0xcc
}

// turbo is the name of the general decoder that draft has the pixels of.
const turbo = "libjpeg-turbo"

// jpegScale is the reduction, 1, 2, 4 or 8, that Fast decodes at: the one that
// Pillow's draft("RGB", (2*short, 2*short)) picks. It leaves at least twice the
// wanted side, so that the resize after it still has the last word on sharpness.
func jpegScale(h header, o Options) int {
	if o.Mode != Fast || o.ShortSide <= 0 {
		return 1
	}
	room := min(h.width, h.height) / (2 * o.ShortSide)
	for _, scale := range []int{8, 4, 2} {
		if room >= scale {
			return scale
		}
	}
	return 1
}

// decodeJPEG decodes at full size or reduced, straight into the picture's memory. What package
// draft does not know or finds damaged is the general decoder's, from the start.
func decodeJPEG(data []byte, h header, o Options) (*RGB, error) {
	scale := jpegScale(h, o)
	dst := NewRGB((h.width+scale-1)/scale, (h.height+scale-1)/scale)
	if draft.Fast() || JPEGDecoder != turbo {
		if draft.Decode(dst.Pix, dst.Width, dst.Height, data, scale) == nil {
			return dst, nil
		}
	}
	if err := decodeJPEGInto(dst, data, scale); err != nil {
		return nil, err
	}
	return dst, nil
}
