package raw

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// The tags that are read. Names are those of TIFF 6, TIFF/EP, EXIF and DNG.
const (
	tagPanasonicJPEG      = 0x002e
	tagPanasonicJPEG2     = 0x0127
	tagNewSubfileType     = 254
	tagWidth              = 256
	tagHeight             = 257
	tagBits               = 258
	tagCompression        = 259
	tagPhotometric        = 262
	tagMake               = 271
	tagModel              = 272
	tagStripOffsets       = 273
	tagOrientation        = 274
	tagSamples            = 277
	tagStripCounts        = 279
	tagPlanar             = 284
	tagTileWidth          = 322
	tagTileOffsets        = 324
	tagTileCounts         = 325
	tagSubIFDs            = 330
	tagJPEGOffset         = 513
	tagJPEGLength         = 514
	tagXMP                = 700
	tagSonyRawFileType    = 0x7000
	tagCFAPattern         = 33422
	tagIPTC               = 33723
	tagEXIF               = 34665
	tagMakerNote          = 37500
	tagDNGVersion         = 50706
	tagDefaultCropSize    = 50720
	compressionNone       = 1
	compressionJXL        = 52546
	photometricRGB        = 2
	photometricCFA        = 32803
	photometricLinearRaw  = 34892
	panasonicSensorWidth  = 2
	panasonicSensorHeight = 3
	panasonicTop          = 4
	panasonicLeft         = 5
	panasonicBottom       = 6
	panasonicRight        = 7
)

// tiffBlock is a stretch of the file whose offsets count from its own start.
type tiffBlock struct {
	data  []byte // from base to the end of the file
	base  int
	order binary.ByteOrder
}

func (t tiffBlock) u32(at int) uint32 {
	if at < 0 || at > len(t.data)-4 {
		return 0
	}
	return t.order.Uint32(t.data[at:])
}

// entry is one entry of a directory, its value found.
type entry struct {
	kind  uint16
	count uint64
	value []byte // whole, count values long
	at    int    // where value lies in the block
}

// directory is an IFD.
type directory struct {
	t    tiffBlock
	tags map[uint16]entry
}

var sizes = [14]uint64{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}

// directory reads the IFD at an offset, and where the next one of its chain lies.
// An entry that makes no sense is left out. ok is false where there is no directory
// or it was read before.
func (s *search) directory(t tiffBlock, at uint64) (d directory, next uint64, ok bool) {
	const entrySize = 12
	if at == 0 || at+2 > uint64(len(t.data)) || s.visited[t.base+int(at)] || len(s.visited) >= maxDirectories {
		return d, 0, false
	}
	if s.visited == nil {
		s.visited = map[int]bool{}
	}
	s.visited[t.base+int(at)] = true
	n := int(t.order.Uint16(t.data[at:]))
	b := t.data[at+2:]
	whole := len(b) >= n*entrySize
	n = min(n, len(b)/entrySize, s.entries)
	s.entries -= n
	d = directory{t, make(map[uint16]entry, n)}
	for i := range n {
		e := b[i*entrySize : (i+1)*entrySize]
		tag, kind, count := t.order.Uint16(e), t.order.Uint16(e[2:]), uint64(t.order.Uint32(e[4:]))
		if int(kind) >= len(sizes) || sizes[kind] == 0 || count == 0 {
			continue
		}
		if _, repeated := d.tags[tag]; repeated {
			continue
		}
		size := count * sizes[kind]
		v := entry{kind, count, e[8:], int(at) + 2 + i*entrySize + 8}
		if size > 4 {
			from := uint64(t.order.Uint32(e[8:]))
			if from >= uint64(len(t.data)) {
				continue
			}
			if size > uint64(len(t.data))-from {
				if tag != tagPanasonicJPEG && tag != tagPanasonicJPEG2 { // previews are worth their start
					continue
				}
				size = uint64(len(t.data)) - from
			}
			v.value, v.at = t.data[from:], int(from)
		}
		v.value = v.value[:size]
		d.tags[tag] = v
	}
	if whole && len(b) >= n*entrySize+4 {
		next = uint64(t.order.Uint32(b[n*entrySize:]))
	}
	return d, next, true
}

func (d directory) has(tag uint16) bool { _, ok := d.tags[tag]; return ok }

// integers reads whole numbers of any type, at most most of them.
func (d directory) integers(tag uint16, most int) []uint64 {
	e, ok := d.tags[tag]
	if !ok {
		return nil
	}
	width := int(sizes[e.kind])
	n := min(len(e.value)/width, most)
	list := make([]uint64, 0, n)
	for i := range n {
		v := e.value[i*width:]
		switch e.kind {
		case 1, 6, 7:
			list = append(list, uint64(v[0]))
		case 3, 8:
			list = append(list, uint64(d.t.order.Uint16(v)))
		case 4, 9, 13:
			list = append(list, uint64(d.t.order.Uint32(v)))
		case 5, 10:
			if den := d.t.order.Uint32(v[4:]); den != 0 {
				list = append(list, uint64(d.t.order.Uint32(v)/den))
			}
		}
	}
	return list
}

// integer is the first whole number, 0 where there is none.
func (d directory) integer(tag uint16) uint64 {
	if list := d.integers(tag, 1); len(list) > 0 {
		return list[0]
	}
	return 0
}

// text is an ASCII value up to its first zero, without spaces around it.
func (d directory) text(tag uint16) string {
	e := d.tags[tag]
	if e.kind != 2 {
		return ""
	}
	b, _, _ := bytes.Cut(e.value[:min(len(e.value), 256)], []byte{0})
	return strings.TrimSpace(string(b))
}

// span is where a value lies in the file.
func (d directory) span(tag uint16) (Span, bool) {
	e, ok := d.tags[tag]
	return Span{d.t.base + e.at, len(e.value)}, ok
}

// role says what a directory of the file is to its picture.
type role int

const (
	rolePicture role = iota // of the chain, or below one of it
	roleFirst               // the first of the chain, which speaks for the file
	roleEXIF
)

// eachPicture visits the directories of a TIFF: the chain, those below them, and the
// EXIF directory.
func (s *search) eachPicture(t tiffBlock, visit func(directory, role)) {
	var below func(d directory, depth int)
	below = func(d directory, depth int) {
		if depth > maxNesting {
			return
		}
		for _, at := range d.integers(tagSubIFDs, maxDirectories) {
			if sub, _, ok := s.directory(t, at); ok {
				visit(sub, rolePicture)
				below(sub, depth+1)
			}
		}
		if at := d.integer(tagEXIF); at != 0 {
			if sub, _, ok := s.directory(t, at); ok {
				visit(sub, roleEXIF)
			}
		}
	}
	as := roleFirst
	for at := uint64(t.u32(4)); at != 0; {
		d, next, ok := s.directory(t, at)
		if !ok {
			return
		}
		visit(d, as)
		below(d, 0)
		at, as = next, rolePicture
	}
}
