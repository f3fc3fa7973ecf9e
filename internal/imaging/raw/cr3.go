package raw

import "encoding/binary"

// The names of the boxes in which Canon and Adobe keep what no standard box is for.
const (
	canonBox   = "\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48"
	previewBox = "\xea\xf4\x2b\x5e\x1c\x98\x4b\x88\xb9\xfb\xb7\xdc\x40\x6e\x4d\x16"
	xmpBox     = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"
)

// cr3 reads Canon's boxes: the EXIF directories, each a TIFF of its own, a middling
// preview, and a track whose only sample is the picture as a JPEG.
func (s *search) cr3() error {
	s.file.Kind = CR3
	s.entries = maxBoxes
	s.boxes(Span{0, len(s.data)}, 0, s.cr3Box)
	return nil
}

func (s *search) cr3Box(name string, at Span, depth int) {
	b := at.Of(s.data)
	skip := func(n int) Span { return Span{at.Offset + n, at.Length - n} }
	switch name {
	case "moov", "trak", "mdia", "minf":
		s.boxes(at, depth, s.cr3Box)
	case "stbl":
		s.sampleTable(at, depth)
	case "uuid":
		if len(b) < 16 {
			return
		}
		switch string(b[:16]) {
		case canonBox:
			s.boxes(skip(16), depth, s.cr3Box)
		case previewBox:
			if len(b) > 24 { // a count comes first
				s.boxes(skip(24), depth, s.cr3Box)
			}
		case xmpBox:
			s.file.XMP = append(s.file.XMP, skip(16))
		}
	case "CMT1", "CMT2", "CMT4":
		s.file.EXIF = append(s.file.EXIF, at)
		if t, ok := newTIFF(s.data, at.Offset); ok && name == "CMT1" {
			if d, _, ok := s.directory(t, uint64(t.u32(4))); ok {
				s.file.Make, s.file.Model = d.text(tagMake), d.text(tagModel)
				s.takeOrientation(d)
				s.takeSize(d)
			}
		}
	case "THMB":
		s.inside(at, 8)
	case "PRVW":
		s.inside(at, 12)
	}
}

// inside considers the JPEG behind a header of 16 bytes, which states its length.
func (s *search) inside(at Span, length int) {
	const header = 16
	if b := at.Of(s.data); len(b) > header {
		s.consider(uint64(at.Offset+header), min(uint64(binary.BigEndian.Uint32(b[length:])), uint64(len(b)-header)))
	}
}

// sampleTable considers the first sample of a track.
func (s *search) sampleTable(at Span, depth int) {
	var size, offset uint64
	be := binary.BigEndian
	s.boxes(at, depth, func(name string, at Span, _ int) {
		b := at.Of(s.data)
		switch {
		case name == "stsz" && len(b) >= 12:
			if size = uint64(be.Uint32(b[4:])); size == 0 && len(b) >= 16 {
				size = uint64(be.Uint32(b[12:]))
			}
		case name == "stco" && len(b) >= 12:
			offset = uint64(be.Uint32(b[8:]))
		case name == "co64" && len(b) >= 16:
			offset = be.Uint64(b[8:])
		}
	})
	s.consider(offset, size)
}

// boxes visits the boxes of the ISO base media file format in a stretch of the file,
// until one makes no sense.
func (s *search) boxes(at Span, depth int, visit func(name string, payload Span, depth int)) {
	if depth > maxNesting {
		return
	}
	for at.Length >= 8 && s.entries > 0 {
		s.entries--
		b := at.Of(s.data)
		size, start := uint64(binary.BigEndian.Uint32(b)), 8
		switch size {
		case 0:
			size = uint64(len(b))
		case 1:
			if len(b) < 16 {
				return
			}
			size, start = binary.BigEndian.Uint64(b[8:]), 16
		}
		if size < uint64(start) || size > uint64(len(b)) {
			return
		}
		visit(string(b[4:8]), Span{at.Offset + start, int(size) - start}, depth+1)
		at = Span{at.Offset + int(size), at.Length - int(size)}
	}
}
