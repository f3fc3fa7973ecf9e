package imaging

import (
	"bytes"
	"errors"
	"fmt"
	"image"

	"github.com/gen2brain/avif"
	"github.com/gen2brain/heic"
)

// HEIC and AVIF are decoded by libheif and libavif compiled to WebAssembly: no C
// library is needed, and a bug in a codec stays in its sandbox. The same modules
// prefer a system library where they find libheif.so or libavif.so, which on most
// machines only the -dev packages bring. That is about four times faster for HEIC
// and no faster for AVIF, but pixels then depend on the host, and hostile files
// meet native code. Builds with the tag nodynamic never do that.

// avifHeader reads size and orientation out of the boxes. The EXIF orientation of
// such files is to be ignored (ISO/IEC 23008-12): the boxes irot and imir decide.
func avifHeader(data []byte) (header, error) {
	p, err := parseHEIF(data)
	return header{width: p.width, height: p.height, orientation: p.orientation}, err
}

// heicHeader differs in that libheif applies the boxes by itself, so the pixels
// are upright even with Options.IgnoreOrientation, and cut to the clean aperture.
func heicHeader(data []byte) (header, error) {
	p, err := parseHEIF(data)
	h := header{width: p.width, height: p.height, orientation: p.orientation, upright: true}
	if p.cleanWidth > 0 && p.cleanWidth <= p.width && p.cleanHeight > 0 && p.cleanHeight <= p.height {
		h.width, h.height = p.cleanWidth, p.cleanHeight
	}
	return h, err
}

func decodeHEIC(data []byte, _ header, _ Options) (*RGB, error) {
	img, err := heic.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if m, ok := img.(*image.YCbCr); ok && heic.Dynamic() != nil && m.CStride < minHEICStride {
		return nil, fmt.Errorf("width %d is too small for the decoder", m.Rect.Dx())
	}
	return toRGB(img), nil
}

// minHEICStride is the least number of bytes that libheif gives a row. The
// WebAssembly build of heic v0.4.5 does not know it and would return the rows of a
// narrower plane shifted against each other.
const minHEICStride = 64

// decodeAVIF looks for damage by itself: avif v0.4.4 reports none in the coded
// picture, and returns memory that was never written instead.
func decodeAVIF(data []byte, _ header, _ Options) (*RGB, error) {
	if _, err := listBoxes(data); err != nil {
		return nil, err
	}
	p, err := parseHEIF(data)
	if err != nil {
		return nil, err
	}
	img, err := avif.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if neverWritten(img, p.auxiliary) {
		return nil, errors.New("the AV1 picture cannot be decoded")
	}
	return toRGB(img), nil
}

// neverWritten reports whether pixels are what no picture has: an alpha below its
// colours, which are multiplied by it; any transparency without an alpha plane;
// nothing but transparency with one. The first row does not count, because the
// allocator of the WebAssembly module writes into it.
func neverWritten(img image.Image, hasAlpha bool) bool {
	var pix []byte
	step, stride := 4, 0
	switch m := img.(type) {
	case *image.RGBA:
		pix, stride = m.Pix, m.Stride
	case *image.RGBA64:
		pix, step, stride = m.Pix, 8, m.Stride
	}
	if len(pix) <= stride { // one row, or a type that avif does not return today
		return false
	}
	one, seen := step/4, false
	for i := stride; i < len(pix); i += step {
		p := pix[i : i+step]
		alpha := p[3*one]
		if max(p[0], p[one], p[2*one]) > alpha || !hasAlpha && alpha != 255 {
			return true
		}
		seen = seen || alpha != 0
	}
	return !seen
}
