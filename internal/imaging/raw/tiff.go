package raw

import "strings"

// tiff reads a RAW file that is a TIFF, or one but for the mark in its header.
func (s *search) tiff(kind Kind) error {
	t, ok := newTIFF(s.data, 0)
	if kind == NotRaw || !ok {
		return ErrNotRaw
	}
	s.file.Kind = kind
	s.file.EXIF = append(s.file.EXIF, Span{0, len(s.data)})
	s.visited = nil
	s.tiffBlock(t)
	if kind == RW2 && strings.HasPrefix(strings.ToUpper(s.file.Make), "LEICA") {
		s.file.Kind = RWL
	}
	return nil
}

// tiffBlock reads all directories of a TIFF structure for what they tell.
func (s *search) tiffBlock(t tiffBlock) {
	s.eachPicture(t, func(d directory, as role) {
		switch as {
		case roleEXIF:
			if note, ok := d.tags[tagMakerNote]; ok {
				s.makerNote(t, note)
			}
			return
		case roleFirst:
			s.file.Make, s.file.Model = d.text(tagMake), d.text(tagModel)
			s.takeOrientation(d)
			s.panasonic(d)
		}
		s.takeBlocks(d)
		s.takeSize(d)
		s.takePreviews(d)
	})
}

func (s *search) takeOrientation(d directory) {
	if o := d.integer(tagOrientation); s.file.Orientation == 0 && o >= 1 && o <= 8 {
		s.file.Orientation = int(o)
	}
}

func (s *search) takeBlocks(d directory) {
	if b, ok := d.span(tagXMP); ok {
		s.file.XMP = append(s.file.XMP, b)
	}
	if b, ok := d.span(tagIPTC); ok {
		s.file.IPTC = append(s.file.IPTC, b)
	}
}

// takeSize keeps the size of the largest picture of the file, which is the sensor's.
// A DNG says what of it is meant to be seen.
func (s *search) takeSize(d directory) {
	w, h := d.integer(tagWidth), d.integer(tagHeight)
	if crop := d.integers(tagDefaultCropSize, 2); len(crop) == 2 && crop[0] > 0 && crop[1] > 0 && crop[0] <= w && crop[1] <= h {
		w, h = crop[0], crop[1]
	}
	s.size(w, h)
}

// size takes a size if it is plausible and the largest yet.
func (s *search) size(w, h uint64) {
	const most = 1 << 20 // pixels a side; keeps products in range
	if w > 0 && h > 0 && w <= most && h <= most && int(w*h) > s.file.Width*s.file.Height {
		s.file.Width, s.file.Height = int(w), int(h)
	}
}

// takePreviews considers what a directory describes: a JPEG stream by the tags of
// EXIF thumbnails, or one in the place of a strip or tile.
func (s *search) takePreviews(d directory) {
	base := uint64(d.t.base)
	if at, n := d.integer(tagJPEGOffset), d.integer(tagJPEGLength); at != 0 {
		s.consider(base+at, n)
	}
	photometric := d.integer(tagPhotometric)
	if photometric == photometricCFA {
		return
	}
	offsets, counts := d.integers(tagStripOffsets, maxStrips), d.integers(tagStripCounts, maxStrips)
	if len(offsets) == 0 {
		offsets, counts = d.integers(tagTileOffsets, 2), d.integers(tagTileCounts, 2)
	}
	if len(offsets) == 0 || len(offsets) != len(counts) {
		return
	}
	switch d.integer(tagCompression) {
	case compressionNone:
		s.takeStrips(d, offsets, counts)
	case compressionJXL:
		s.file.JPEGXL = s.file.JPEGXL || photometric != photometricLinearRaw
	default: // 6, 7, and makers' numbers for the same
		if len(offsets) == 1 && photometric != photometricLinearRaw {
			s.consider(base+offsets[0], counts[0])
		}
	}
}

const maxStrips = 1 << 16

// takeStrips keeps an uncompressed picture of three interleaved samples a pixel if
// it is the largest yet and whole.
func (s *search) takeStrips(d directory, offsets, counts []uint64) {
	photometric := d.integer(tagPhotometric)
	w, h := d.integer(tagWidth), d.integer(tagHeight)
	bits := d.integer(tagBits)
	if photometric != photometricRGB && photometric != photometricLinearRaw || d.integer(tagSamples) != 3 ||
		bits != 8 && bits != 16 || d.integer(tagPlanar) == 2 || d.has(tagTileWidth) ||
		w == 0 || h == 0 || w > 1<<20 || h > 1<<20 {
		return
	}
	if s.file.Strips != nil && int(w*h) <= s.file.Strips.Width*s.file.Strips.Height {
		return
	}
	strips := &Strips{
		Width: int(w), Height: int(h), Bits: int(bits), Linear: photometric == photometricLinearRaw,
		BigEndian: d.t.order.String() == "BigEndian",
	}
	wanted := w * h * 3 * bits / 8
	size, base := uint64(len(s.data)), uint64(d.t.base)
	for i, at := range offsets {
		n := min(counts[i], wanted)
		if base+at > size || n > size-base-at {
			return
		}
		strips.Parts = append(strips.Parts, Span{int(base + at), int(n)})
		wanted -= n
	}
	if wanted == 0 {
		s.file.Strips = strips
	}
}

// panasonic reads the first directory of RW2 and RWL files, which holds the preview
// as a value and states the size by the sensor's borders.
func (s *search) panasonic(d directory) {
	if s.file.Kind != RW2 {
		return
	}
	for _, tag := range []uint16{tagPanasonicJPEG, tagPanasonicJPEG2} {
		if e, ok := d.tags[tag]; ok {
			s.consider(uint64(d.t.base+e.at), e.count)
		}
	}
	top, left := d.integer(panasonicTop), d.integer(panasonicLeft)
	bottom, right := d.integer(panasonicBottom), d.integer(panasonicRight)
	if bottom > top && right > left {
		s.size(right-left, bottom-top)
	} else {
		s.size(d.integer(panasonicSensorWidth), d.integer(panasonicSensorHeight))
	}
}
