package imaging

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/sightline/sightline/internal/imaging/metadata"
	"github.com/sightline/sightline/internal/imaging/raw"
)

// A RAW file is shown by the JPEG that the camera put into it. Its own tags say how
// it is to be turned, and speak for the size of the whole picture.

// FormatRAW is the format of sensor data of a maker that package raw has no name for.
// The other RAW files have the format of their kind: "cr2", "nef", "dng" and so on.
const FormatRAW = Format(raw.Other)

// RAWFormats lists the formats of RAW files, the commonest first.
func RAWFormats() []Format {
	var all []Format
	for _, k := range raw.Kinds() {
		all = append(all, Format(k))
	}
	return all
}

// IsRAW reports whether a format is a camera's RAW.
func (f Format) IsRAW() bool {
	for _, k := range raw.Kinds() {
		if f == Format(k) {
			return true
		}
	}
	return false
}

func rawCodec(k raw.Kind) codec {
	return codec{format: Format(k), header: rawHeader, decode: decodeRAW}
}

// rawHeader gives the size that the RAW's tags state, which is the preview's where
// that is the larger one, and the orientation.
func rawHeader(data []byte) (header, error) {
	f, err := raw.Find(data)
	if err != nil {
		return header{}, err
	}
	h := header{width: f.Width, height: f.Height, orientation: max(f.Orientation, 1)}
	width, height := f.Preview.Width, f.Preview.Height
	switch {
	case f.Preview.Length > 0:
		if f.Orientation == 0 {
			h.orientation = max(readMeta(f.Preview.JPEG(data)).Orientation, 1)
		}
	case f.Strips != nil:
		width, height = f.Strips.Width, f.Strips.Height
	case f.JPEGXL:
		return header{}, fmt.Errorf("%w: its preview is not a JPEG but JPEG XL", ErrUnsupported)
	default:
		return header{}, fmt.Errorf("%w: it has no JPEG preview", ErrUnsupported)
	}
	if turnsSideways(h.orientation) && h.width > h.height && width < height {
		// The camera has turned the preview already.
		h.width, h.height, h.orientation = h.height, h.width, 1
	}
	if h.width <= width || h.height <= height {
		h.width, h.height = width, height
	}
	return h, nil
}

// decodeRAW decodes the preview by the JPEG decoder's ways, or else takes the
// uncompressed picture, which old files and linear DNGs have.
func decodeRAW(data []byte, _ header, o Options) (*RGB, error) {
	f, err := raw.Find(data)
	if err != nil {
		return nil, err
	}
	if f.Preview.Length == 0 {
		return rawStrips(data, f.Strips, o.Limits)
	}
	preview := f.Preview.JPEG(data)
	h, err := jpegHeader(preview)
	if err != nil {
		return nil, fmt.Errorf("preview: %w", err)
	}
	if err := o.Limits.checkPixels(h.width, h.height); err != nil {
		return nil, fmt.Errorf("preview: %w", err)
	}
	img, err := decodeJPEG(preview, h, o)
	if err == nil && f.Larger.Length > 0 {
		err = fmt.Errorf("the preview of %dx%d is cut off; one of %dx%d stands for it",
			f.Larger.Width, f.Larger.Height, f.Preview.Width, f.Preview.Height)
	}
	return img, err
}

// rawStrips reads an uncompressed picture. Samples that grow with light get sRGB's
// curve; the camera's own colours are not known.
func rawStrips(data []byte, s *raw.Strips, l Limits) (*RGB, error) {
	if s == nil {
		return nil, errors.New("no preview")
	}
	if err := l.checkPixels(s.Width, s.Height); err != nil {
		return nil, err
	}
	dst := NewRGB(s.Width, s.Height)
	at := 0
	curve := func(v uint16) byte { return byte(v >> 8) }
	if s.Linear {
		curve = linearCurve
	}
	var order binary.ByteOrder = binary.LittleEndian
	if s.BigEndian {
		order = binary.BigEndian
	}
	// A sample may lie in two strips, but no writer does so; what is left is black.
	for _, part := range s.Parts {
		b := part.Of(data)
		switch {
		case s.Bits == 16:
			for ; len(b) >= 2 && at < len(dst.Pix); b = b[2:] {
				dst.Pix[at] = curve(order.Uint16(b))
				at++
			}
		case s.Linear:
			for _, v := range b[:min(len(b), len(dst.Pix)-at)] {
				dst.Pix[at] = curve(uint16(v) * 257)
				at++
			}
		default:
			at += copy(dst.Pix[at:], b)
		}
	}
	return dst, nil
}

// linearCurve is the transfer function of sRGB (IEC 61966-2-1).
func linearCurve(v uint16) byte {
	c := float64(v) / 65535
	if c <= 0.0031308 {
		c *= 12.92
	} else {
		c = 1.055*math.Pow(c, 1/2.4) - 0.055
	}
	return byte(c*255 + 0.5)
}

// readRAWMeta reads the blocks of a RAW file whose container the readers of metadata do
// not know, as Minolta's; otherwise it returns what they found.
func readRAWMeta(data []byte, found metadata.Metadata) metadata.Metadata {
	f, err := raw.Find(data)
	if err != nil {
		return found
	}
	for _, span := range f.EXIF {
		if m := readMeta(span.Of(data)); !m.Date.IsZero() {
			return m
		}
	}
	return found
}
