package raw

import "bytes"

// makerNote looks for previews in the notes of those makers that keep their largest
// one there. note is the EXIF tag's value, and outer the block it is in.
func (s *search) makerNote(outer tiffBlock, note entry) {
	b := note.value
	at := outer.base + note.at
	switch {
	case bytes.HasPrefix(b, []byte("Nikon\x00\x02")):
		s.nikon(at + 10)
	case bytes.HasPrefix(b, []byte("OLYMPUS\x00")):
		s.olympus(at, at+8, 12)
	case bytes.HasPrefix(b, []byte("OM SYSTEM\x00")):
		s.olympus(at, at+12, 16)
	case bytes.HasPrefix(b, []byte("OLYMP\x00")):
		s.olympusTags(outer, uint64(note.at+8))
	case bytes.HasPrefix(b, []byte("PENTAX \x00")):
		if t, ok := s.sub(at, at+8); ok {
			s.startAndLength(t, 10, 4, 3)
		}
	case bytes.HasPrefix(b, []byte("AOC\x00")):
		s.startAndLength(outer, uint64(note.at+6), 4, 3)
	case bytes.HasPrefix(b, []byte("SONY")):
		s.inline(outer, uint64(note.at+12), 0x2001)
	default:
		// Minolta's notes are a directory without a name before it.
		if s.file.Kind == MRW {
			s.startAndLength(outer, uint64(note.at), 0x88, 0x89, 0x81)
		}
	}
}

// sub is the block that starts at base, whose byte order is stated at another place.
func (s *search) sub(base, order int) (tiffBlock, bool) {
	if base < 0 || order < 0 || order > len(s.data)-2 || base >= len(s.data) {
		return tiffBlock{}, false
	}
	t, ok := newTIFF(append(append([]byte{}, s.data[order:order+2]...), 0, 0, 0, 0, 0, 0), 0)
	t.base, t.data = base, s.data[base:]
	return t, ok
}

// nikon reads the notes of newer Nikons: a TIFF of their own, one entry of which
// leads to a directory of the preview.
func (s *search) nikon(base int) {
	const previewIFD = 0x11
	t, ok := newTIFF(s.data, base)
	if !ok {
		return
	}
	if d, _, ok := s.directory(t, uint64(t.u32(4))); ok {
		if p, _, ok := s.directory(t, d.integer(previewIFD)); ok {
			s.consider(uint64(base)+p.integer(tagJPEGOffset), p.integer(tagJPEGLength))
		}
	}
}

func (s *search) olympus(base, order, ifd int) {
	if t, ok := s.sub(base, order); ok {
		s.olympusTags(t, uint64(ifd))
	}
}

// olympusTags reads a directory of Olympus' notes, and the one below it that holds
// the camera's settings.
func (s *search) olympusTags(t tiffBlock, at uint64) {
	const settings = 0x2020
	d, _, ok := s.directory(t, at)
	if !ok {
		return
	}
	s.pair(d, 0x1036, 0x1037)
	below := d.integer(settings)
	if e := d.tags[settings]; e.kind == 7 { // the directory itself is the value
		below = uint64(e.at)
	}
	if sub, _, ok := s.directory(t, below); ok {
		s.pair(sub, 0x101, 0x102)
	}
}

// startAndLength considers the preview that two tags of a directory describe, and
// those that are values.
func (s *search) startAndLength(t tiffBlock, at uint64, start, length uint16, inline ...uint16) {
	d, _, ok := s.directory(t, at)
	if !ok {
		return
	}
	s.pair(d, start, length)
	for _, tag := range inline {
		s.value(d, tag)
	}
}

func (s *search) inline(t tiffBlock, at uint64, tag uint16) {
	if d, _, ok := s.directory(t, at); ok {
		s.value(d, tag)
	}
}

func (s *search) pair(d directory, start, length uint16) {
	if at := d.integer(start); at != 0 {
		s.consider(uint64(d.t.base)+at, d.integer(length))
	}
}

func (s *search) value(d directory, tag uint16) {
	if e, ok := d.tags[tag]; ok {
		s.consider(uint64(d.t.base+e.at), uint64(len(e.value)))
	}
}
