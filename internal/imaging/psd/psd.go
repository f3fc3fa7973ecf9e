// Package psd reads the composite of a Photoshop document (PSD and PSB): the picture
// of all layers together that Photoshop stores for programs that know no layers.
//
// Modes are bitmap, grey, duotone (as grey), indexed, RGB, CMYK, Lab and multichannel
// (its first channel); depths are 1, 8, 16 and 32 bits; rows are raw or run-length
// coded. The layers themselves are not read: a document that was saved without
// "Maximize Compatibility" has no composite, and is ErrUnsupported.
//
// The source is Adobe's "Photoshop File Formats Specification" of 2019.
package psd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Mode is the colour mode of a document, by its number in the file.
type Mode int

// The colour modes.
const (
	Bitmap       Mode = 0
	Grey         Mode = 1
	Indexed      Mode = 2
	RGB          Mode = 3
	CMYK         Mode = 4
	Multichannel Mode = 7
	Duotone      Mode = 8
	Lab          Mode = 9
)

// ErrUnsupported is a sound document that has no composite, or one of a kind that is
// not read. Any other error is damage.
var ErrUnsupported = errors.New("unsupported kind of Photoshop document")

// Header is what comes before the layers.
type Header struct {
	Width, Height int
	Channels      int
	Depth         int // bits of a sample: 1, 8, 16 or 32
	Mode          Mode
	// Large says that the document is a PSB.
	Large bool
	// ICC is the document's colour profile, and EXIF (with the structure of a TIFF
	// file), XMP and IPTC are blocks of metadata; nil where there are none.
	ICC, EXIF, XMP, IPTC []byte

	palette []byte // 256 reds, greens and blues of an indexed picture
	merged  bool   // there is a composite, as far as the resources tell
	rest    []byte // from the layers on
}

const headerSize = 26

// Sniff reports whether a file starts as a Photoshop document does; six bytes suffice.
func Sniff(head []byte) bool {
	return bytes.HasPrefix(head, []byte("8BPS\x00\x01")) || bytes.HasPrefix(head, []byte("8BPS\x00\x02"))
}

// ReadHeader reads the size, the mode and the resources.
func ReadHeader(data []byte) (Header, error) {
	if !Sniff(data) || len(data) < headerSize {
		return Header{}, errors.New("no header of a Photoshop document")
	}
	be := binary.BigEndian
	h := Header{
		Large:    data[5] == 2,
		Channels: int(be.Uint16(data[12:])),
		Depth:    int(be.Uint16(data[22:])),
		Mode:     Mode(be.Uint16(data[24:])),
		merged:   true,
	}
	const widest = 300_000 // of a PSB
	height, width := be.Uint32(data[14:]), be.Uint32(data[18:])
	if height < 1 || width < 1 || height > widest || width > widest {
		return Header{}, fmt.Errorf("size %dx%d", width, height)
	}
	h.Width, h.Height = int(width), int(height)
	if err := h.check(); err != nil {
		return h, err
	}
	colours, rest, err := section(data[headerSize:], "colour mode data")
	if err != nil {
		return h, err
	}
	if h.Mode == Indexed {
		const size = 768
		if len(colours) < size {
			return h, errors.New("short palette")
		}
		h.palette = colours[:size]
	}
	resources, rest, err := section(rest, "image resources")
	if err != nil {
		return h, err
	}
	h.readResources(resources)
	h.rest = rest
	return h, nil
}

// colours is how many channels a mode needs, 0 for an unknown mode.
func (m Mode) colours() int {
	switch m {
	case Bitmap, Grey, Indexed, Multichannel, Duotone:
		return 1
	case RGB, Lab:
		return 3
	case CMYK:
		return 4
	}
	return 0
}

func (h Header) check() error {
	n := h.Mode.colours()
	switch {
	case n == 0:
		return fmt.Errorf("%w: colour mode %d", ErrUnsupported, h.Mode)
	case h.Channels < n || h.Channels > 56:
		return fmt.Errorf("%d channels in colour mode %d", h.Channels, h.Mode)
	case (h.Depth == 1) != (h.Mode == Bitmap), h.Depth != 1 && h.Depth != 8 && h.Depth != 16 && h.Depth != 32,
		h.Mode == Indexed && h.Depth != 8, h.Depth == 32 && (h.Mode == CMYK || h.Mode == Lab):
		return fmt.Errorf("%w: %d bits a sample in colour mode %d", ErrUnsupported, h.Depth, h.Mode)
	}
	return nil
}

// section splits off a stretch that starts with its length.
func section(b []byte, what string) (payload, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, fmt.Errorf("the file ends before its %s", what)
	}
	n := uint64(binary.BigEndian.Uint32(b))
	if n > uint64(len(b)-4) {
		return nil, nil, fmt.Errorf("%s of %d bytes, %d left in the file", what, n, len(b)-4)
	}
	return b[4 : 4+n], b[4+n:], nil
}

// readResources finds the resources that are wanted. One that makes no sense ends
// the list.
func (h *Header) readResources(b []byte) {
	const (
		iptc, icc, version, exif, xmp = 1028, 1039, 1057, 1058, 1060
		header                        = 6 // signature and number
	)
	be := binary.BigEndian
	for len(b) >= header+2+4 {
		id := be.Uint16(b[4:])
		name := 1 + int(b[header])
		name += name & 1
		b = b[header:]
		if len(b) < name+4 {
			return
		}
		size := uint64(be.Uint32(b[name:]))
		b = b[name+4:]
		if size > uint64(len(b)) {
			return
		}
		v := b[:size]
		b = b[min(size+size&1, uint64(len(b))):]
		switch id {
		case iptc:
			h.IPTC = v
		case icc:
			h.ICC = v
		case exif:
			h.EXIF = v
		case xmp:
			h.XMP = v
		case version: // a version, and whether the composite is a real one
			h.merged = len(v) < 5 || v[4] != 0
		}
	}
}
