package imaging

import (
	"bytes"
	"fmt"
	"image"

	"github.com/gen2brain/avif"
	"github.com/gen2brain/heic"
)

// HEIC and AVIF are decoded by libheif and libavif compiled to WebAssembly: no C
// library is needed, and a bug in a codec stays in its sandbox. The same modules
// prefer a system library when they find one, which is faster but makes the
// outcome depend on the host; the build tag nodynamic rules that out, and our
// builds set it.

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

func decodeAVIF(data []byte, _ header, _ Options) (*RGB, error) {
	img, err := avif.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return toRGB(img), nil
}
