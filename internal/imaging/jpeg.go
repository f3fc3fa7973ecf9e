package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/sightline/sightline/internal/imaging/draft"
)

// jpegHeader walks the markers up to the frame header. Both JPEG decoders use it,
// so that limits and Info do not depend on the build.
func jpegHeader(data []byte) (header, error) {
	frame, _, err := jpegFrame(data)
	if err != nil {
		return header{}, err
	}
	return header{
		height: int(binary.BigEndian.Uint16(frame[1:])),
		width:  int(binary.BigEndian.Uint16(frame[3:])),
	}, nil
}

// jpegFrame finds the payload of the frame header, at least six bytes, and its code.
func jpegFrame(data []byte) (payload []byte, code byte, err error) {
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
			return nil, 0, errors.New("no frame header")
		}
		code = data[i]
		i++
		switch {
		case code == 0xd8, code == 0x01, code == 0x00, code >= 0xd0 && code <= 0xd7:
			continue // these have no length
		case code == 0xd9, code == 0xda:
			return nil, 0, errors.New("no frame header before the picture")
		}
		if i+2 > len(data) {
			return nil, 0, errors.New("file ends inside a marker")
		}
		n := int(binary.BigEndian.Uint16(data[i:]))
		if n < 2 || i+n > len(data) {
			return nil, 0, fmt.Errorf("marker %#x of %d bytes, %d left in the file", code, n, len(data)-i)
		}
		if isFrameHeader(code) {
			if n < 8 {
				return nil, 0, errors.New("short frame header")
			}
			if p := data[i+2]; p != 8 {
				return nil, 0, fmt.Errorf("%w: JPEG of %d bits", ErrUnsupported, p)
			}
			if name, ok := unsupportedProcesses[code]; ok {
				return nil, 0, fmt.Errorf("%w: %s JPEG", ErrUnsupported, name)
			}
			return data[i+2 : i+n], code, nil
		}
		i += n
	}
}

// isFrameHeader reports whether a marker code is SOF0..SOF15: the range holds
// three codes that mean something else.
func isFrameHeader(code byte) bool {
	return code >= 0xc0 && code <= 0xcf && code != 0xc4 && code != 0xc8 && code != 0xcc
}

// unsupportedProcesses are the kinds of JPEG, by the code of their frame header,
// that neither decoder reads (ITU-T T.81, table B.1).
var unsupportedProcesses = map[byte]string{
	0xc3: "lossless", 0xc5: "hierarchical", 0xc6: "hierarchical", 0xc7: "hierarchical lossless",
	0xcb: "arithmetic lossless", 0xcd: "hierarchical", 0xce: "hierarchical", 0xcf: "hierarchical lossless",
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
	if err := checkJPEGClaim(data, h.width, h.height); err != nil {
		return nil, err
	}
	if err := checkCoefficients(data); err != nil {
		return nil, err
	}
	scale := jpegScale(h, o)
	dst := NewRGB((h.width+scale-1)/scale, (h.height+scale-1)/scale)
	var damage error
	if !draft.Fast() && JPEGDecoder == turbo || draft.Decode(dst.Pix, dst.Width, dst.Height, data, scale) != nil {
		var err error
		damage, err = decodeJPEGInto(o.context(), dst, data, scale)
		if errors.Is(err, errTruncatedJPEG) {
			// Where a file is cut between its scans, what came before may be a picture.
			if whole := lastWholeScan(data); whole < len(data) {
				if damage, err = decodeJPEGInto(o.context(), dst, data[:whole], scale); damage == nil {
					damage = errors.New("the file is truncated between its scans: fine detail is missing")
				}
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if damage == nil && !hasJPEGEnd(data) {
		damage = errors.New("the file has no end marker")
	}
	return dst, damage
}

// checkJPEGClaim refuses a size that the data cannot have: the least code is a bit
// for the DC coefficient of 64 samples, and of one component alone.
func checkJPEGClaim(data []byte, width, height int) error {
	const pixelsOfByte = 8 * 64
	if int64(width)*int64(height) > pixelsOfByte*int64(len(data)) {
		return fmt.Errorf("%d bytes cannot hold %dx%d pixels", len(data), width, height)
	}
	return nil
}

// mostCoefficients bounds the memory, in bytes, that a progressive picture's
// coefficients take while it is decoded: they are needed all at once, unlike those of
// a baseline picture, and take two bytes each.
const mostCoefficients = 1 << 30

// checkCoefficients holds a progressive picture against that. Sizes and samples are
// in the frame header, whose marker says whether it is one.
func checkCoefficients(data []byte) error {
	frame, code, err := jpegFrame(data)
	if err != nil || len(frame) < 6+3*int(frame[5]) {
		return err
	}
	height, width := int64(binary.BigEndian.Uint16(frame[1:])), int64(binary.BigEndian.Uint16(frame[3:]))
	var samples, most int64
	for i := range int(frame[5]) {
		factors := frame[6+3*i+1]
		n := int64(factors>>4) * int64(factors&15)
		samples, most = samples+n, max(most, n)
	}
	// A baseline picture in several scans is kept whole as well, but nobody writes large ones.
	if need := 2 * width * height * samples / max(most, 1); (code == 0xc2 || code == 0xca) && need > mostCoefficients {
		return fmt.Errorf("%w: progressive JPEG of %dx%d, which takes %d MB to decode", ErrTooLarge, width, height, need>>20)
	}
	return nil
}

// hasJPEGEnd reports whether an end marker comes after the beginning of the first
// scan. In coded data 0xff is followed by zero, so that it holds none by chance.
func hasJPEGEnd(data []byte) bool {
	end := bytes.LastIndex(data, []byte{0xff, 0xd9})
	if end < 0 {
		return false
	}
	for i := 2; i+4 <= len(data) && data[i] == 0xff; {
		if data[i+1] == 0xda {
			return end > i
		}
		if data[i+1] == 0xff {
			i++
			continue
		}
		i += 2 + int(binary.BigEndian.Uint16(data[i+2:]))
	}
	return true // markers of another kind: the decoder has read them
}

// errTruncatedJPEG is data that ends where there is no picture yet.
var errTruncatedJPEG = errors.New("the file is truncated")

// lastWholeScan gives the end of the last scan before a marker segment that the file
// does not have whole; the end of the file where there is none.
func lastWholeScan(data []byte) int {
	scanned := false
	for i := 2; i < len(data); {
		if data[i] != 0xff || i+1 < len(data) && data[i+1] == 0xff { // codes, or what fills up
			i++
			continue
		}
		start := i
		if i+1 < len(data) && (data[i+1] == 0 || data[i+1] == 0x01 || data[i+1] >= 0xd0 && data[i+1] <= 0xd8) {
			i += 2 // belongs to the codes, or has no length
			continue
		}
		if i+4 > len(data) {
			i = len(data) + 1
		} else {
			scanned = scanned || data[i+1] == 0xda
			i += 2 + int(binary.BigEndian.Uint16(data[i+2:]))
		}
		if i > len(data) && scanned && data[min(start+1, len(data)-1)] != 0xd9 {
			return start
		}
	}
	return len(data)
}

// jpegSamples decodes the components of a whole JPEG stream; see tiff.JPEG.
func jpegSamples(ctx context.Context, stream []byte, convert bool) (pix []byte, width, height, components int, err error) {
	h, err := jpegHeader(stream)
	if err != nil {
		return nil, 0, 0, 0, err
	}
	if h.width <= 0 || h.height <= 0 {
		return nil, 0, 0, 0, fmt.Errorf("size %dx%d", h.width, h.height)
	}
	frame, _, err := jpegFrame(stream)
	if err != nil {
		return nil, 0, 0, 0, err
	}
	components = int(frame[5])
	if components < 1 || components > 4 {
		return nil, 0, 0, 0, fmt.Errorf("JPEG of %d components", components)
	}
	if err := checkJPEGClaim(stream, h.width, h.height); err != nil {
		return nil, 0, 0, 0, err
	}
	pix = make([]byte, h.width*h.height*components)
	damage, err := decodeJPEGSamples(ctx, pix, h.width, h.height, components, stream, convert)
	if err != nil {
		return nil, 0, 0, 0, err
	}
	return pix, h.width, h.height, components, damage
}
