package imaging

import (
	"bytes"

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
// are upright even with Options.IgnoreOrientation.
func heicHeader(data []byte) (header, error) {
	h, err := avifHeader(data)
	h.upright = true
	return h, err
}

func decodeHEIC(data []byte, _ header, _ Options) (*RGB, error) {
	img, err := heic.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return toRGB(img), nil
}

func decodeAVIF(data []byte, _ header, _ Options) (*RGB, error) {
	img, err := avif.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return toRGB(img), nil
}
