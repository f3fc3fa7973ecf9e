package metadata

import (
	"bytes"
	"encoding/binary"
)

// box is one box of the ISO base media file format (ISO/IEC 14496-12).
type box struct {
	name    string
	payload []byte
}

// boxesOf yields boxes until one makes no sense.
func boxesOf(b []byte) func(yield func(box) bool) {
	return func(yield func(box) bool) {
		for len(b) >= 8 {
			size, start := uint64(binary.BigEndian.Uint32(b)), uint64(8)
			switch size {
			case 0: // to the end
				size = uint64(len(b))
			case 1:
				if len(b) < 16 {
					return
				}
				size, start = binary.BigEndian.Uint64(b[8:]), 16
			}
			if size < start || size > uint64(len(b)) {
				return
			}
			if !yield(box{string(b[4:8]), b[start:size]}) {
				return
			}
			b = b[size:]
		}
	}
}

// The UUIDs of the boxes that hold metadata in Canon's CR3 and in others.
const (
	uuidCanon = "\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48"
	uuidXMP   = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"
)

// boxes reads HEIC, AVIF, CR3 and JPEG XL.
func (c *collector) boxes(data []byte) {
	for b := range boxesOf(data) {
		switch b.name {
		case "meta":
			c.items(data, b.payload)
		case "moov":
			for inner := range boxesOf(b.payload) {
				if canon, ok := bytes.CutPrefix(inner.payload, []byte(uuidCanon)); ok && inner.name == "uuid" {
					c.canon(canon)
				}
			}
		case "uuid":
			if packet, ok := bytes.CutPrefix(b.payload, []byte(uuidXMP)); ok {
				c.xmp(packet)
			}
		case "Exif":
			c.exifItem(b.payload)
		case "xml ":
			c.xmp(b.payload)
		}
	}
}

// canon reads the directories of a CR3, each of which is an EXIF block of its own.
func (c *collector) canon(b []byte) {
	for inner := range boxesOf(b) {
		switch inner.name {
		case "CMT1":
			c.exif(inner.payload, ifdMain)
		case "CMT2":
			c.exif(inner.payload, ifdExif)
		case "CMT4":
			c.exif(inner.payload, ifdGPS)
		}
	}
}

// exifItem reads an Exif item: four bytes tell how far the block lies behind them.
func (c *collector) exifItem(b []byte) {
	if len(b) < 4 {
		return
	}
	skip := uint64(binary.BigEndian.Uint32(b))
	b = b[4:]
	if skip < uint64(len(b)) && isTIFF(b[skip:]) {
		b = b[skip:]
	}
	c.exif(exifBlock(b), ifdMain)
}

// maxItems is how many metadata items of a file are read.
const maxItems = 64

// items reads the metadata items of a HEIF file (ISO/IEC 23008-12): iinf names them,
// iloc says where they lie, in the file or in idat.
func (c *collector) items(file, meta []byte) {
	if len(meta) < 4 {
		return
	}
	var names, places, inline []byte
	for b := range boxesOf(meta[4:]) {
		switch b.name {
		case "iinf":
			names = b.payload
		case "iloc":
			places = b.payload
		case "idat":
			inline = b.payload
		}
	}
	wanted := itemTypes(names)
	if len(wanted) == 0 {
		return
	}
	for _, it := range locate(places, wanted) {
		data := it.read(file, inline)
		if data == nil {
			continue
		}
		if it.kind == itemEXIF {
			c.exifItem(data)
		} else {
			c.xmp(data)
		}
	}
}

type itemKind int

const (
	itemEXIF itemKind = iota + 1
	itemXMP
)

// itemTypes finds the numbers of the items that are metadata.
func itemTypes(b []byte) map[uint32]itemKind {
	if len(b) < 8 {
		return nil
	}
	skip := 6 // version, flags and a count of 16 bits
	if b[0] != 0 {
		skip = 8
	}
	wanted := make(map[uint32]itemKind)
	for e := range boxesOf(b[skip:]) {
		p := e.payload
		if e.name != "infe" || len(p) < 4 || p[0] < 2 || len(wanted) >= maxItems {
			continue
		}
		wide := p[0] >= 3
		p = p[4:]
		var id uint32
		switch {
		case wide && len(p) >= 10:
			id, p = binary.BigEndian.Uint32(p), p[6:]
		case !wide && len(p) >= 8:
			id, p = uint32(binary.BigEndian.Uint16(p)), p[4:]
		default:
			continue
		}
		switch string(p[:4]) {
		case "Exif":
			wanted[id] = itemEXIF
		case "mime":
			_, kind, _ := bytes.Cut(p[4:], []byte{0}) // behind the item's name
			if bytes.HasPrefix(kind, []byte("application/rdf+xml")) {
				wanted[id] = itemXMP
			}
		}
	}
	return wanted
}

// place is where an item lies.
type place struct {
	kind    itemKind
	inline  bool // in idat
	extents [][2]uint64
}

// read puts the extents of an item together.
func (p place) read(file, inline []byte) []byte {
	from := file
	if p.inline {
		from = inline
	}
	var out []byte
	for _, e := range p.extents {
		at, n := e[0], e[1]
		size := uint64(len(from))
		if at > size {
			return nil
		}
		if n == 0 { // to the end
			n = size - at
		}
		if n > size-at || uint64(len(out))+n > maxXMPBytes {
			return nil
		}
		if len(p.extents) == 1 {
			return from[at : at+n]
		}
		out = append(out, from[at:at+n]...)
	}
	return out
}

// locate reads an iloc box for the wanted items.
func locate(b []byte, wanted map[uint32]itemKind) []place {
	r := fields{b: b}
	version := r.take(1)
	r.take(3)
	sizes := r.take(2)
	offsetSize, lengthSize := int(sizes>>12), int(sizes>>8&15)
	baseSize, indexSize := int(sizes>>4&15), 0
	idSize := 2
	if version == 1 || version == 2 {
		indexSize = int(sizes & 15)
	}
	if version == 2 {
		idSize = 4
	}
	var found []place
	for n := r.take(idSize); n > 0 && !r.failed; n-- {
		id := r.take(idSize)
		inline := false
		if version == 1 || version == 2 {
			inline = r.take(2)&15 == 1
		}
		r.take(2) // which file: this one
		base := r.take(baseSize)
		p := place{kind: wanted[uint32(id)], inline: inline}
		for extents := r.take(2); extents > 0 && !r.failed; extents-- {
			r.take(indexSize)
			at := base + r.take(offsetSize)
			length := r.take(lengthSize)
			if at >= base && p.kind != 0 && len(p.extents) < maxItems {
				p.extents = append(p.extents, [2]uint64{at, length})
			}
			if offsetSize+lengthSize+indexSize == 0 {
				break // nothing more to tell them apart
			}
		}
		if p.kind != 0 && !r.failed && len(found) < maxItems {
			found = append(found, p)
		}
	}
	return found
}

// fields reads big-endian numbers one after another.
type fields struct {
	b      []byte
	failed bool
}

// take reads a number of up to eight bytes; 0 where there are not as many.
func (f *fields) take(n int) uint64 {
	if n > len(f.b) || n > 8 {
		f.failed = true
		return 0
	}
	var v uint64
	for _, x := range f.b[:n] {
		v = v<<8 | uint64(x)
	}
	f.b = f.b[n:]
	return v
}
