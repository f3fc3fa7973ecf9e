package imaging

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/jpeg"
	"sync"

	"github.com/sightline/sightline/internal/imaging/icc"
	"github.com/sightline/sightline/internal/imaging/psd"
	"github.com/sightline/sightline/internal/imaging/raw"
)

// convertColours brings a decoded picture to sRGB. It comes after the reduced-scale
// decoding and after what is transparent was laid on white, which is white in every
// space: at the edges of what is half transparent that is not exact, and cheap.
func convertColours(img *RGB, data []byte, f Format, o Options) {
	if o.Colour != ColourSRGB || f == FormatJXL { // its decoder has done so
		return
	}
	if t := transformOf(spaceOf(data, f)); t != nil {
		applyTransform(t, img.Pix)
	}
}

// spaceOf is what a file says about its colours.
func spaceOf(data []byte, f Format) icc.Space {
	switch f {
	case FormatJPEG:
		return icc.OfJPEG(data)
	case FormatPNG:
		return icc.OfPNG(data)
	case FormatWebP:
		return icc.OfWebP(data)
	case FormatTIFF:
		return icc.OfTIFF(data)
	case FormatHEIC, FormatAVIF:
		return icc.OfHEIF(data)
	case FormatPSD:
		if h, err := psd.ReadHeader(data); err == nil && h.Mode != psd.Lab && h.Depth != 32 {
			return icc.Space{Profile: h.ICC}
		}
	}
	if f.IsRAW() {
		if r, err := raw.Find(data); err == nil && r.Preview.Length > 0 {
			return icc.OfJPEG(r.Preview.JPEG(data))
		}
	}
	return icc.Space{}
}

// applyTransform converts pixels. A profile of grey is for a picture that is grey, and
// one of inks was used before there were pixels, or cannot be.
func applyTransform(t *icc.Transform, pix []byte) {
	switch t.Channels() {
	case 1:
		for i := 0; i < len(pix); i += 3 {
			if pix[i] != pix[i+1] || pix[i] != pix[i+2] {
				return
			}
		}
		t.RGB(pix)
	case 3:
		t.RGB(pix)
	}
}

// transforms remembers what was made of the profiles that were met: a collection has
// few, and each takes some hundredths of a second.
var transforms struct {
	sync.Mutex
	known map[[sha256.Size]byte]*icc.Transform
}

// transformOf is the way from a space to sRGB; nil if there is none to go, or none
// known. A profile that is damaged says nothing, like other metadata.
func transformOf(s icc.Space) *icc.Transform {
	const most = 64
	if s.IsZero() {
		return nil
	}
	key := sha256.Sum256(s.Profile)
	if s.Profile == nil {
		key = sha256.Sum256(fmt.Appendf(nil, "%v %v %v", s.Codes, s.Primaries, s.Gamma))
	}
	transforms.Lock()
	defer transforms.Unlock()
	t, ok := transforms.known[key]
	if !ok {
		t, _ = s.Transform()
		if transforms.known == nil || len(transforms.known) >= most {
			transforms.known = map[[sha256.Size]byte]*icc.Transform{}
		}
		transforms.known[key] = t
	}
	return t
}

// inkedJPEG decodes a JPEG of CMYK that has a profile for its inks; nil if it is none,
// or one that the standard library cannot read. libjpeg's way of making RGB knows no
// inks, so the other decoders' pixels are of no use here.
func inkedJPEG(data []byte, f Format, o Options) *RGB {
	if o.Colour != ColourSRGB || f != FormatJPEG {
		return nil
	}
	t := inksOf(icc.OfJPEG(data))
	if t == nil {
		return nil
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	inks, ok := img.(*image.CMYK)
	if !ok {
		return nil
	}
	dst := NewRGB(inks.Rect.Dx(), inks.Rect.Dy())
	for y := range dst.Height {
		t.CMYK(dst.Pix[3*dst.Width*y:][:3*dst.Width], inks.Pix[inks.Stride*y:][:4*dst.Width])
	}
	return dst
}

// inksOf is the transform of inks; nil if a space is none of inks.
func inksOf(s icc.Space) *icc.Transform {
	const space = 16 // of the colours, in a profile's header
	if len(s.Profile) < space+4 || string(s.Profile[space:space+4]) != "CMYK" {
		return nil
	}
	if t := transformOf(s); t != nil && t.Channels() == 4 {
		return t
	}
	return nil
}
