package tiff

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Tags that decide how pixels are read (TIFF 6.0, its technical notes, and libtiff's
// list for what came later).
const (
	tagNewSubfileType   = 254
	tagSubfileType      = 255
	tagWidth            = 256
	tagHeight           = 257
	tagBits             = 258
	tagCompression      = 259
	tagPhotometric      = 262
	tagFillOrder        = 266
	tagStripOffsets     = 273
	tagOrientation      = 274
	tagSamples          = 277
	tagRowsPerStrip     = 278
	tagStripCounts      = 279
	tagPlanar           = 284
	tagT4Options        = 292
	tagPredictor        = 317
	tagColorMap         = 320
	tagTileWidth        = 322
	tagTileHeight       = 323
	tagTileOffsets      = 324
	tagTileCounts       = 325
	tagExtraSamples     = 338
	tagSampleFormat     = 339
	tagJPEGTables       = 347
	tagJPEGStream       = 513
	tagJPEGStreamLength = 514
	tagJPEGRestart      = 515
	tagJPEGQTables      = 519
	tagJPEGDCTables     = 520
	tagJPEGACTables     = 521
	tagYCbCrCoeffs      = 529
	tagYCbCrSubsampling = 530
	tagReferenceBW      = 532
)

// typeSizes are the bytes of a value of each field type, by the type's number.
var typeSizes = [...]int{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8}

const (
	typeByte     = 1
	typeShort    = 3
	typeLong     = 4
	typeRational = 5
	typeSByte    = 6
	typeUndef    = 7
	typeSShort   = 8
	typeSLong    = 9
	typeIFD      = 13
	typeLong8    = 16
	typeSLong8   = 17
	typeIFD8     = 18
)

// field is one entry of a directory: its values as bytes, cut to what the file has.
type field struct {
	kind  uint16
	bytes []byte
}

// directory is an image file directory. Of a tag that is there twice, the first counts.
type directory struct {
	order  binary.ByteOrder
	fields map[uint16]field
	next   uint64
}

// reader finds directories in a file.
type reader struct {
	data  []byte
	order binary.ByteOrder
	big   bool // BigTIFF: 64-bit offsets
}

// newReader reads the file's header, whose first directory is at first. Two bytes
// of the magic number in the other order are taken as Pillow takes them.
func newReader(data []byte) (r reader, first uint64, err error) {
	if len(data) < 8 {
		return r, 0, errors.New("the file ends inside its header")
	}
	r.data = data
	switch string(data[:2]) {
	case "II":
		r.order = binary.LittleEndian
	case "MM":
		r.order = binary.BigEndian
	default:
		return r, 0, fmt.Errorf("byte order %q", data[:2])
	}
	switch magic := string(data[2:4]); magic {
	case "*\x00", "\x00*":
		return r, uint64(r.order.Uint32(data[4:])), nil
	case "+\x00", "\x00+":
		if len(data) < 16 {
			return r, 0, errors.New("the file ends inside its header")
		}
		if n := r.order.Uint16(data[4:]); n != 8 {
			return r, 0, fmt.Errorf("BigTIFF with offsets of %d bytes", n)
		}
		r.big = true
		return r, r.order.Uint64(data[8:]), nil
	default:
		return r, 0, fmt.Errorf("magic number %q", magic)
	}
}

// pictureDirectory gives the first directory that is neither a mask nor a picture
// of reduced size, and the first of all where every one is.
func pictureDirectory(data []byte) (directory, error) {
	r, at, err := newReader(data)
	if err != nil {
		return directory{}, err
	}
	const most = 64 // directories that are looked at
	first, err := r.directory(at)
	if err != nil {
		return directory{}, err
	}
	dir, seen := first, map[uint64]bool{at: true}
	for range most {
		if !dir.secondary() && dir.has(tagWidth) {
			return dir, nil
		}
		if dir.next == 0 || seen[dir.next] {
			break
		}
		seen[dir.next] = true
		if dir, err = r.directory(dir.next); err != nil {
			break
		}
	}
	return first, nil
}

// secondary reports whether a directory says of itself that it is not the picture.
func (d directory) secondary() bool {
	const reduced, mask = 1, 4
	return d.uint(tagNewSubfileType, 0)&(reduced|mask) != 0 || d.uint(tagSubfileType, 1) == 2
}

// directory reads the entries at an offset, in whatever order they are. Entries of
// unknown types and with values outside of the file are left out.
func (r reader) directory(at uint64) (directory, error) {
	countSize, entrySize, inline := 2, 12, 4
	if r.big {
		countSize, entrySize, inline = 8, 20, 8
	}
	size := uint64(len(r.data))
	if at < 8 || at > size || size-at < uint64(countSize) {
		return directory{}, fmt.Errorf("directory at byte %d of %d", at, size)
	}
	rest := r.data[at:]
	n := uint64(r.order.Uint16(rest))
	if r.big {
		n = r.order.Uint64(rest)
	}
	rest = rest[countSize:]
	whole := min(n, math.MaxUint16, uint64(len(rest)/entrySize))
	dir := directory{order: r.order, fields: make(map[uint16]field, min(whole, 64))}
	for i := range whole {
		e := rest[i*uint64(entrySize):][:entrySize]
		tag, kind := r.order.Uint16(e), r.order.Uint16(e[2:])
		count, value := uint64(r.order.Uint32(e[4:])), e[8:]
		if r.big {
			count, value = r.order.Uint64(e[4:]), e[12:]
		}
		if int(kind) >= len(typeSizes) || typeSizes[kind] == 0 || dir.has(tag) {
			continue
		}
		one := uint64(typeSizes[kind])
		if count > size/one { // more than the file could hold
			count = size / one
		}
		bytes := value[:inline]
		if count*one > uint64(inline) {
			offset := uint64(r.order.Uint32(value))
			if r.big {
				offset = r.order.Uint64(value)
			}
			if offset >= size {
				continue
			}
			bytes = r.data[offset:]
		}
		bytes = bytes[:min(count*one, uint64(len(bytes)))]
		dir.fields[tag] = field{kind, bytes[:uint64(len(bytes))/one*one]}
	}
	if tail := rest[whole*uint64(entrySize):]; whole == n && len(tail) >= inline {
		dir.next = uint64(r.order.Uint32(tail))
		if r.big {
			dir.next = r.order.Uint64(tail)
		}
	}
	if len(dir.fields) == 0 {
		return dir, fmt.Errorf("directory at byte %d has no entries", at)
	}
	return dir, nil
}

func (d directory) has(tag uint16) bool {
	_, ok := d.fields[tag]
	return ok
}

// uints gives the values of a tag of any type of integers. Negative ones are zero.
func (d directory) uints(tag uint16) []uint64 { return d.firstUints(tag, math.MaxInt) }

// firstUints gives no more than n values of a tag.
func (d directory) firstUints(tag uint16, n int) []uint64 {
	f, ok := d.fields[tag]
	if !ok {
		return nil
	}
	one := typeSizes[f.kind]
	out := make([]uint64, min(len(f.bytes)/one, n))
	for i := range out {
		b := f.bytes[i*one:]
		switch f.kind {
		case typeByte, typeUndef:
			out[i] = uint64(b[0])
		case typeSByte:
			out[i] = uint64(max(int8(b[0]), 0))
		case typeShort:
			out[i] = uint64(d.order.Uint16(b))
		case typeSShort:
			out[i] = uint64(max(int16(d.order.Uint16(b)), 0))
		case typeLong, typeIFD:
			out[i] = uint64(d.order.Uint32(b))
		case typeSLong:
			out[i] = uint64(max(int32(d.order.Uint32(b)), 0))
		case typeLong8, typeIFD8:
			out[i] = d.order.Uint64(b)
		case typeSLong8:
			out[i] = uint64(max(int64(d.order.Uint64(b)), 0))
		default:
			return nil
		}
	}
	return out
}

// uint gives the first value of a tag, or absent.
func (d directory) uint(tag uint16, absent uint64) uint64 {
	if v := d.firstUints(tag, 1); len(v) > 0 {
		return v[0]
	}
	return absent
}

// rationals gives the values of a tag of unsigned fractions; nothing where one is
// divided by zero.
func (d directory) rationals(tag uint16) []float64 {
	f, ok := d.fields[tag]
	if !ok || f.kind != typeRational {
		return nil
	}
	out := make([]float64, len(f.bytes)/8)
	for i := range out {
		over, under := d.order.Uint32(f.bytes[8*i:]), d.order.Uint32(f.bytes[8*i+4:])
		if under == 0 {
			return nil
		}
		out[i] = float64(over) / float64(under)
	}
	return out
}

// config reads the size.
func (d directory) config() (Config, error) {
	if !d.has(tagWidth) || !d.has(tagHeight) {
		return Config{}, errors.New("no size")
	}
	w, h := d.uint(tagWidth, 0), d.uint(tagHeight, 0)
	if w == 0 || h == 0 || w > math.MaxInt32 || h > math.MaxInt32 {
		return Config{}, fmt.Errorf("size %dx%d", w, h)
	}
	c := Config{Width: int(w), Height: int(h)}
	if o := d.uint(tagOrientation, 0); o >= 1 && o <= 8 {
		c.Orientation = int(o)
	}
	return c, nil
}
