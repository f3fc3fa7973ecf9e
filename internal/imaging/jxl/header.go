package jxl

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
)

// Header is what a file says about its picture before any of it is decoded.
type Header struct {
	Width, Height int // as stored, before the orientation
	// Orientation is 1..8 as in EXIF. The decoder applies it; the one in the EXIF
	// block is to be ignored (ISO/IEC 18181-2, 9.4).
	Orientation int
	// Exif is a block with the structure of a TIFF file, XMP a packet; nil without.
	Exif, XMP []byte
}

var (
	codestreamMark = []byte("\xff\x0a")
	containerMark  = []byte("\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a")
)

// Sniff reports whether a file starts as JPEG XL does, bare or in a container. Twelve
// bytes suffice.
func Sniff(head []byte) bool {
	return bytes.HasPrefix(head, codestreamMark) || bytes.HasPrefix(head, containerMark)
}

// ReadHeader reads the size and the orientation, and finds the metadata.
func ReadHeader(data []byte) (Header, error) {
	if bytes.HasPrefix(data, codestreamMark) {
		return parseCodestream(data)
	}
	if !bytes.HasPrefix(data, containerMark) {
		return Header{}, errors.New("no JPEG XL signature")
	}
	return readContainer(data)
}

const (
	mostBoxes    = 4096
	mostMetadata = 16 << 20 // of a compressed block, which may be a bomb
	headBytes    = 64       // more than the fields that are read can take
)

// readContainer walks the boxes of ISO/IEC 18181-2. The codestream is whole in jxlc,
// or in parts in jxlp boxes, each of which starts with its number.
func readContainer(data []byte) (h Header, err error) {
	var head []byte
	whole := false
	var exif, xmp []byte
	for range mostBoxes {
		name, payload, rest, ok := nextBox(data)
		if !ok {
			break
		}
		data = rest
		if name == "brob" && len(payload) > 4 {
			if name = string(payload[:4]); name == "Exif" || name == "xml " {
				payload = unpack(payload[4:])
			}
		}
		switch name {
		case "jxlc":
			head, whole = payload, true
		case "jxlp":
			if len(payload) > 4 && !whole && len(head) < headBytes {
				head = append(head, payload[4:min(len(payload), 4+headBytes)]...)
			}
		case "Exif":
			if block, ok := exifBlock(payload); ok && exif == nil {
				exif = block
			}
		case "xml ":
			if xmp == nil {
				xmp = payload
			}
		}
	}
	if head == nil {
		return h, errors.New("no codestream in the container")
	}
	h, err = parseCodestream(head)
	h.Exif, h.XMP = exif, xmp
	return h, err
}

// nextBox splits the first box off b. The last one may be cut by the file's end.
func nextBox(b []byte) (name string, payload, rest []byte, ok bool) {
	if len(b) < 8 {
		return "", nil, nil, false
	}
	size, start := uint64(binary.BigEndian.Uint32(b)), uint64(8)
	switch size {
	case 0:
		size = uint64(len(b))
	case 1:
		if len(b) < 16 {
			return "", nil, nil, false
		}
		size, start = binary.BigEndian.Uint64(b[8:]), 16
	}
	if size < start {
		return "", nil, nil, false
	}
	size = min(size, uint64(len(b)))
	return string(b[4:8]), b[min(start, size):size], b[size:], true
}

// unpack decompresses a box that was compressed with Brotli; nil if it is damaged.
func unpack(b []byte) []byte {
	out, err := io.ReadAll(io.LimitReader(brotli.NewReader(bytes.NewReader(b)), mostMetadata+1))
	if err != nil || len(out) > mostMetadata {
		return nil
	}
	return out
}

// exifBlock skips to where the box says that the TIFF header is.
func exifBlock(b []byte) ([]byte, bool) {
	if len(b) < 4 {
		return nil, false
	}
	at := uint64(binary.BigEndian.Uint32(b))
	if b = b[4:]; at > uint64(len(b)) {
		return nil, false
	}
	return b[at:], true
}

// parseCodestream reads the first fields of ISO/IEC 18181-1: SizeHeader, and of
// ImageMetadata the orientation.
func parseCodestream(data []byte) (Header, error) {
	if !bytes.HasPrefix(data, codestreamMark) {
		return Header{}, errors.New("no codestream signature")
	}
	r := bitReader{data: data[2:min(len(data), 2+headBytes)]}
	small := r.bits(1) == 1
	side := func() int {
		if small {
			return 8 * (1 + int(r.bits(5)))
		}
		return 1 + int(r.bits([4]int{9, 13, 18, 30}[r.bits(2)]))
	}
	h := Header{Orientation: 1}
	h.Height = side()
	if ratio := r.bits(3); ratio == 0 {
		h.Width = side()
	} else {
		f := [8][2]int64{{}, {1, 1}, {12, 10}, {4, 3}, {3, 2}, {16, 9}, {5, 4}, {2, 1}}[ratio]
		h.Width = int(int64(h.Height) * f[0] / f[1])
	}
	if allDefault := r.bits(1) == 1; !allDefault {
		if extra := r.bits(1) == 1; extra {
			h.Orientation = 1 + int(r.bits(3))
		}
	}
	if r.short {
		return Header{}, errors.New("the file ends inside its header")
	}
	if h.Width < 1 || h.Height < 1 {
		return Header{}, fmt.Errorf("size %dx%d", h.Width, h.Height)
	}
	return h, nil
}

// bitReader takes the lowest bit of a byte first.
type bitReader struct {
	data  []byte
	at    int
	short bool
}

func (r *bitReader) bits(n int) (v uint32) {
	for i := range n {
		if r.at/8 >= len(r.data) {
			r.short = true
			return 0
		}
		v |= uint32(r.data[r.at/8]>>(r.at%8)&1) << i
		r.at++
	}
	return v
}
