package raw

import (
	"encoding/binary"
	"errors"
)

var errShort = errors.New("the file ends before its directory")

// raf reads Fujifilm's header: places of a JPEG, which is the picture with all its
// metadata, and of a list that holds the size.
func (s *search) raf() error {
	const jpegAt, listAt, size = 84, 92, 100
	if len(s.data) < size {
		return errShort
	}
	s.file.Kind = RAF
	be := binary.BigEndian
	s.consider(uint64(be.Uint32(s.data[jpegAt:])), uint64(be.Uint32(s.data[jpegAt+4:])))
	for _, p := range []Preview{s.whole, s.cut} {
		if p.Length > 0 {
			s.blocksOf(p.Span)
			break
		}
	}
	if len(s.file.EXIF) > 0 {
		if t, ok := newTIFF(s.data, s.file.EXIF[0].Offset); ok {
			if d, _, ok := s.directory(t, uint64(t.u32(4))); ok {
				s.file.Make, s.file.Model = d.text(tagMake), d.text(tagModel)
				s.takeOrientation(d)
			}
		}
	}
	s.rafSize(uint64(be.Uint32(s.data[listAt:])))
	return nil
}

// rafSize reads the list of the sensor's properties: a tag, a length and a value.
func (s *search) rafSize(at uint64) {
	const cropped = 0x111
	if at+4 > uint64(len(s.data)) {
		return
	}
	b := s.data[at:]
	n := min(binary.BigEndian.Uint32(b), 1024)
	b = b[4:]
	for range n {
		if len(b) < 4 {
			return
		}
		tag, size := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		b = b[4:]
		if len(b) < size {
			return
		}
		if tag == cropped && size >= 4 {
			s.size(uint64(binary.BigEndian.Uint16(b[2:])), uint64(binary.BigEndian.Uint16(b)))
		}
		b = b[size:]
	}
}

// crw reads Canon's CIFF: a heap whose directory stands at its end.
func (s *search) crw() error {
	const header = 26
	if len(s.data) < header {
		return errShort
	}
	s.file.Kind = CRW
	start := uint64(binary.LittleEndian.Uint32(s.data[2:]))
	if start >= uint64(len(s.data)) {
		return errShort
	}
	s.heap(int(start), len(s.data), 0)
	return nil
}

// heap reads the directory of the CIFF heap between two places of the file.
func (s *search) heap(from, to, depth int) {
	const (
		entrySize           = 10
		jpeg, thumbnail     = 0x2007, 0x2008
		imageSpec           = 0x1810
		inHeap, inDirectory = 0x0000, 0x4000
		subHeap, subHeap2   = 0x2800, 0x3000
	)
	le := binary.LittleEndian
	if depth > maxNesting || to-from < 6 {
		return
	}
	at := uint64(le.Uint32(s.data[to-4:]))
	if at+2 > uint64(to-from) {
		return
	}
	b := s.data[from+int(at) : to]
	n := int(le.Uint16(b))
	b = b[2:]
	for ; n > 0 && len(b) >= entrySize && s.entries > 0; n-- {
		s.entries--
		tag, size, offset := le.Uint16(b), uint64(le.Uint32(b[2:])), uint64(le.Uint32(b[6:]))
		b = b[entrySize:]
		if tag&0xc000 == inDirectory {
			continue
		}
		if offset > uint64(to-from) || tag&0xc000 != inHeap {
			continue
		}
		start := from + int(offset)
		switch id := tag & 0x3fff; {
		case id == jpeg, id == thumbnail:
			s.consider(uint64(start), size)
		case size > uint64(to-start):
		case id == imageSpec && size >= 16:
			v := s.data[start:]
			s.size(uint64(le.Uint32(v)), uint64(le.Uint32(v[4:])))
			s.file.Orientation = ofDegrees(int32(le.Uint32(v[12:])))
		case id&0x3800 == subHeap, id&0x3800 == subHeap2:
			s.heap(start, start+int(size), depth+1)
		}
	}
}

// ofDegrees is the EXIF orientation of a picture to be turned clockwise.
func ofDegrees(degrees int32) int {
	switch (degrees%360 + 360) % 360 {
	case 90:
		return 6
	case 180:
		return 3
	case 270:
		return 8
	}
	return 1
}

// mrw reads Minolta's blocks, one of which is a TIFF.
func (s *search) mrw() error {
	if len(s.data) < 8 {
		return errShort
	}
	s.file.Kind = MRW
	be := binary.BigEndian
	end := min(uint64(be.Uint32(s.data[4:]))+8, uint64(len(s.data)))
	for at := uint64(8); at+8 <= end; {
		name, n := string(s.data[at:at+4]), uint64(be.Uint32(s.data[at+4:]))
		at += 8
		if n > end-at {
			return nil
		}
		b := s.data[at : at+n]
		switch {
		case name == "\x00PRD" && n >= 16:
			s.size(uint64(be.Uint16(b[14:])), uint64(be.Uint16(b[12:])))
		case name == "\x00TTW":
			if t, ok := newTIFF(s.data, int(at)); ok {
				s.file.EXIF = append(s.file.EXIF, Span{int(at), int(n)})
				s.tiffBlock(t)
			}
		}
		at += n
	}
	return nil
}

// x3f reads Sigma's (Foveon's) file: its directory of sections stands at the end.
func (s *search) x3f() error {
	const size, jpeg = 40, 18
	le := binary.LittleEndian
	if len(s.data) < size+4 {
		return errShort
	}
	s.file.Kind = X3F
	if le.Uint32(s.data[4:]) < 4<<16 { // later versions moved these
		s.size(uint64(le.Uint32(s.data[28:])), uint64(le.Uint32(s.data[32:])))
		s.file.Orientation = ofDegrees(int32(le.Uint32(s.data[36:])))
	}
	at := uint64(le.Uint32(s.data[len(s.data)-4:]))
	if at+12 > uint64(len(s.data)) || string(s.data[at:at+4]) != "SECd" {
		return errShort
	}
	n := le.Uint32(s.data[at+8:])
	b := s.data[at+12:]
	for ; n > 0 && len(b) >= 12 && s.entries > 0; n-- {
		s.entries--
		from, length, name := uint64(le.Uint32(b)), uint64(le.Uint32(b[4:])), string(b[8:12])
		b = b[12:]
		const header = 28
		if name != "IMA2" && name != "IMAG" || length < header || from+header > uint64(len(s.data)) {
			continue
		}
		if section := s.data[from:]; string(section[:4]) == "SECi" && le.Uint32(section[12:]) == jpeg {
			s.consider(from+header, length-header)
			if p := s.whole; p.Offset == int(from)+header && len(s.file.EXIF) == 0 {
				s.blocksOf(p.Span)
			}
		}
	}
	return nil
}
