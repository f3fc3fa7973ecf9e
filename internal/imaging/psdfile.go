package imaging

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/bep/imagemeta"

	"github.com/sightline/sightline/internal/imaging/icc"
	"github.com/sightline/sightline/internal/imaging/psd"
)

// psdHeader gives the document's size. Photoshop turns a picture's pixels when it
// opens it, so an orientation that is left in the metadata does not count.
func psdHeader(data []byte) (header, error) {
	h, err := psd.ReadHeader(data)
	return header{width: h.Width, height: h.Height, orientation: 1}, psdError(err)
}

func decodePSD(data []byte, h header, o Options) (*RGB, error) {
	var options psd.Options
	if d, err := psd.ReadHeader(data); err == nil && d.Mode == psd.CMYK && o.Colour == ColourSRGB {
		if t := transformOf(icc.Space{Profile: d.ICC}); t != nil && t.Channels() == 4 {
			options.CMYK = t.CMYK
		}
	}
	pix, err := psd.Decode(data, options)
	if pix == nil {
		return nil, psdError(err)
	}
	return &RGB{Pix: pix, Width: h.width, Height: h.height}, psdError(err)
}

func psdError(err error) error {
	if errors.Is(err, psd.ErrUnsupported) {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return err
}

// readBlocks reads metadata out of blocks that their container has been taken off.
func readBlocks(exif, xmp, iptc []byte) meta {
	var c metaCollector
	blocks := metaContainer(exif, xmp)
	c.read(blocks, imagemeta.WebP, imagemeta.EXIF)
	c.read(blocks, imagemeta.WebP, imagemeta.XMP)
	if len(iptc) > 0 && len(iptc) < 1<<15 {
		c.read(jpegOfIPTC(iptc), imagemeta.JPEG, imagemeta.IPTC)
	}
	return c.meta()
}

// jpegOfIPTC is a JPEG of nothing but a segment of IPTC, as Photoshop writes it.
func jpegOfIPTC(iptc []byte) []byte {
	resource := append([]byte("Photoshop 3.0\x008BIM\x04\x04\x00\x00"), binary.BigEndian.AppendUint32(nil, uint32(len(iptc)))...)
	resource = append(resource, even(iptc)...)
	out := append([]byte("\xff\xd8\xff\xed"), binary.BigEndian.AppendUint16(nil, uint16(len(resource)+2))...)
	return append(append(out, resource...), "\xff\xd9"...)
}
