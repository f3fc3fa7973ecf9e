package metadata

import (
	"encoding/binary"
	"math"
	"strings"
	"time"
)

// The tags that are read (EXIF 3.0, TIFF 6.0, and Microsoft's for Windows).
const (
	tagDescription     = 0x010e
	tagMake            = 0x010f
	tagModel           = 0x0110
	tagOrientation     = 0x0112
	tagDateTime        = 0x0132
	tagXMP             = 0x02bc
	tagRating          = 0x4746
	tagRatingPercent   = 0x4749
	tagIPTC            = 0x83bb
	tagPhotoshop       = 0x8649
	tagExifIFD         = 0x8769
	tagGPSIFD          = 0x8825
	tagTimeZoneOffset  = 0x882a
	tagOriginal        = 0x9003
	tagDigitized       = 0x9004
	tagOffset          = 0x9010
	tagOffsetOriginal  = 0x9011
	tagOffsetDigitized = 0x9012
	tagUserComment     = 0x9286
	tagSubSec          = 0x9290
	tagSubSecOriginal  = 0x9291
	tagSubSecDigitized = 0x9292
	tagXPTitle         = 0x9c9b
	tagXPComment       = 0x9c9c
	tagXPKeywords      = 0x9c9e
	tagXPSubject       = 0x9c9f
)

// The tags of the directory of GPS.
const (
	gpsLatitudeRef  = 1
	gpsLatitude     = 2
	gpsLongitudeRef = 3
	gpsLongitude    = 4
	gpsAltitudeRef  = 5
	gpsAltitude     = 6
	gpsTime         = 7
	gpsDate         = 29
)

// maxValueBytes is how much of a value is looked at that is a text.
const maxValueBytes = 1 << 20

// ifdKind says what the first directory of a block is. CR3 files hold the
// directories of one picture in blocks of their own.
type ifdKind int

const (
	ifdMain ifdKind = iota // IFD0, which points to the others
	ifdExif
	ifdGPS
)

// isTIFF reports whether data starts as TIFF does, or as the RAW formats that differ
// from it in the magic number alone (Olympus ORF, Panasonic RW2).
func isTIFF(data []byte) bool {
	if len(data) < 8 {
		return false
	}
	switch string(data[:4]) {
	case "II*\x00", "MM\x00*", "II+\x00", "MM\x00+", "IIRO", "IIRS", "MMOR", "IIU\x00":
		return true
	}
	return false
}

// tiffReader reads the directories of an EXIF block.
type tiffReader struct {
	data    []byte
	order   binary.ByteOrder
	big     bool // BigTIFF
	entries int  // looked at so far
}

// exifValue is the value of one entry.
type exifValue struct {
	kind  uint16
	count int
	data  []byte
	order binary.ByteOrder
}

// directory holds the wanted entries of a directory; the first of equal tags.
type directory map[uint16]exifValue

// exif reads an EXIF block, which is a TIFF file.
func (c *collector) exif(data []byte, kind ifdKind) {
	if len(data) < 8 || !c.enter() {
		return
	}
	defer c.leave()
	r := &tiffReader{data: data}
	switch string(data[:2]) { // the magic number behind it is damaged at times
	case "II":
		r.order = binary.LittleEndian
	case "MM":
		r.order = binary.BigEndian
	default:
		return
	}
	const bigTIFF = 43
	at := uint64(r.order.Uint32(data[4:]))
	if r.big = r.order.Uint16(data[2:]) == bigTIFF; r.big {
		if len(data) < 16 {
			return
		}
		at = r.order.Uint64(data[8:])
	}
	top := r.directory(at)
	switch kind {
	case ifdGPS:
		c.gps(top)
		return
	case ifdExif:
		c.exifTags(directory{}, top)
		return
	}
	sub := directory{}
	if p, ok := top[tagExifIFD]; ok {
		sub = r.directory(p.offset())
	}
	c.exifTags(top, sub)
	if p, ok := top[tagGPSIFD]; ok {
		c.gps(r.directory(p.offset()))
	}
	if v, ok := top[tagIPTC]; ok {
		c.iptcBlock(swapped(v))
	}
	if v, ok := top[tagPhotoshop]; ok {
		c.photoshop(v.data)
	}
	if v, ok := top[tagXMP]; ok {
		c.xmp(v.data)
	}
}

// directory reads the entries at an offset. An entry that makes no sense is left out,
// whatever it is; so are all behind the end of the block.
func (r *tiffReader) directory(at uint64) directory {
	d := make(directory)
	counter, size := uint64(2), uint64(12)
	if r.big {
		counter, size = 8, 20
	}
	end := uint64(len(r.data))
	if at == 0 || at > end || end-at < counter {
		return d
	}
	var n uint64
	if r.big {
		n = r.order.Uint64(r.data[at:])
	} else {
		n = uint64(r.order.Uint16(r.data[at:]))
	}
	at += counter
	for ; n > 0 && end-at >= size && r.entries < maxIFDEntries; n-- {
		r.entries++
		e := r.data[at : at+size]
		at += size
		tag := r.order.Uint16(e)
		if _, again := d[tag]; again {
			continue
		}
		if v, ok := r.value(e); ok {
			d[tag] = v
		}
	}
	return d
}

// sizes are the bytes of one value of each type of TIFF; 0 is no type.
var sizes = [...]uint64{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}

// typeUTF8 is the type of texts that EXIF 3.0 added.
const typeUTF8 = 129

func (r *tiffReader) value(e []byte) (exifValue, bool) {
	kind := r.order.Uint16(e[2:])
	size := uint64(0)
	switch {
	case int(kind) < len(sizes):
		size = sizes[kind]
	case kind == typeUTF8:
		size = 1
	}
	if size == 0 {
		return exifValue{}, false
	}
	count, field := uint64(r.order.Uint32(e[4:])), e[8:12]
	if r.big {
		count, field = r.order.Uint64(e[4:]), e[12:20]
	}
	if count == 0 || count > uint64(len(r.data)) {
		return exifValue{}, false
	}
	total := size * count
	if total > uint64(len(field)) {
		at := uint64(r.order.Uint32(field))
		if r.big {
			at = r.order.Uint64(field)
		}
		if at > uint64(len(r.data)) || total > uint64(len(r.data))-at {
			return exifValue{}, false
		}
		field = r.data[at:]
	}
	return exifValue{kind: kind, count: int(count), data: field[:total], order: r.order}, true
}

// integer returns the first value as a whole number. A field of more values than one
// is the mistake of a writer; the first is what it meant.
func (v exifValue) integer() (int64, bool) {
	switch v.kind {
	case 1, 7:
		return int64(v.data[0]), true
	case 6:
		return int64(int8(v.data[0])), true
	case 3:
		return int64(v.order.Uint16(v.data)), true
	case 8:
		return int64(int16(v.order.Uint16(v.data))), true
	case 4, 13:
		return int64(v.order.Uint32(v.data)), true
	case 9:
		return int64(int32(v.order.Uint32(v.data))), true
	case 16, 17, 18:
		return int64(v.order.Uint64(v.data)), true
	}
	return 0, false
}

// offset is the place of a directory.
func (v exifValue) offset() uint64 {
	n, ok := v.integer()
	if !ok || n < 0 {
		return 0
	}
	return uint64(n)
}

// text returns the value as the bytes of a text, which some writers give another type.
func (v exifValue) text() []byte {
	switch v.kind {
	case 1, 2, 6, 7, typeUTF8:
		return v.data[:min(len(v.data), maxValueBytes)]
	}
	return nil
}

// rational returns the value number i.
func (v exifValue) rational(i int) (float64, bool) {
	if i >= v.count {
		return 0, false
	}
	switch v.kind {
	case 5, 10:
		n, d := v.order.Uint32(v.data[8*i:]), v.order.Uint32(v.data[8*i+4:])
		if d == 0 {
			return 0, false
		}
		if v.kind == 10 {
			return float64(int32(n)) / float64(int32(d)), true
		}
		return float64(n) / float64(d), true
	case 12:
		f := math.Float64frombits(v.order.Uint64(v.data[8*i:]))
		return f, f-f == 0
	case 11:
		f := float64(math.Float32frombits(v.order.Uint32(v.data[4*i:])))
		return f, f-f == 0
	case 3:
		return float64(v.order.Uint16(v.data[2*i:])), true
	case 4:
		return float64(v.order.Uint32(v.data[4*i:])), true
	}
	return 0, false
}

// exifTags takes what the main directory and the EXIF one say. Some RAW formats have
// in the one what belongs into the other.
func (c *collector) exifTags(top, sub directory) {
	get := func(tag uint16) (exifValue, bool) {
		if v, ok := sub[tag]; ok {
			return v, true
		}
		v, ok := top[tag]
		return v, ok
	}
	text := func(tag uint16) string {
		v, _ := get(tag)
		return ascii(v.text())
	}
	if v, ok := top[tagOrientation]; ok {
		n, _ := v.integer()
		c.turn(fromEXIF, int(min(max(n, 0), 9)))
	}
	zone := text(tagOffset)
	c.exifDate(rankOriginal, text(tagOriginal), text(tagSubSecOriginal), text(tagOffsetOriginal), zone, hours(get, 0))
	c.exifDate(rankDigitized, text(tagDigitized), text(tagSubSecDigitized), text(tagOffsetDigitized), zone, hours(get, 0))
	c.exifDate(rankModified, text(tagDateTime), text(tagSubSec), zone, hours(get, 1))

	c.caption(captionDescription, text(tagDescription))
	if v, ok := get(tagUserComment); ok {
		c.caption(captionUserComment, userComment(v.text(), v.order))
	}
	c.keepText(&c.camera[fromEXIF][0], "maker", text(tagMake))
	c.keepText(&c.camera[fromEXIF][1], "model", text(tagModel))
	if v, ok := top[tagRating]; ok {
		n, _ := v.integer()
		c.rating(ratingEXIF, int(min(max(n, -2), 6)))
	}
	if v, ok := top[tagRatingPercent]; ok {
		n, _ := v.integer()
		c.rating(ratingPercent, starsOfPercent(float64(n)))
	}
	wide := func(tag uint16) string { return utf16Text(top[tag].text(), binary.LittleEndian) }
	c.title(titleXP, wide(tagXPTitle))
	c.caption(captionXP, wide(tagXPComment))
	c.caption(captionXP, wide(tagXPSubject))
	for k := range strings.SplitSeq(wide(tagXPKeywords), ";") {
		if k != "" {
			c.keyword(&c.xp, k)
		}
	}
}

// hours reads the old tag TimeZoneOffset: whole hours, first of the time of taking,
// then of that of changing.
func hours(get func(uint16) (exifValue, bool), i int) string {
	v, ok := get(tagTimeZoneOffset)
	if !ok || v.kind != 8 || i >= v.count {
		return ""
	}
	h := int16(v.order.Uint16(v.data[2*i:]))
	if h < -15 || h > 15 {
		return ""
	}
	return time.Time{}.In(time.FixedZone("", int(h)*3600)).Format("-07:00")
}

// exifDate takes a date with what belongs to it. The zones are tried in order.
func (c *collector) exifDate(rank int, date, subSec string, zones ...string) {
	d, ok := ParseDate(date)
	if !ok {
		return
	}
	d.setFraction(subSec)
	for _, z := range zones {
		if !d.HasZone {
			d.setZone(z)
		}
	}
	c.date(rank, d)
}

// starsOfPercent turns Microsoft's percents into stars: 1, 25, 50, 75, 99.
func starsOfPercent(percent float64) int {
	if !(percent >= 1 && percent <= 100) { // NaN too
		return 0
	}
	return min(5, 1+int((percent+12)/25))
}

// swapped undoes what writers do that give IPTC data the type LONG in the wrong order
// of bytes.
func swapped(v exifValue) []byte {
	const marker = 0x1c
	if v.kind != 4 || len(v.data) < 4 || v.data[0] == marker || v.data[3] != marker {
		return v.data
	}
	out := make([]byte, len(v.data))
	for i := 0; i+4 <= len(out); i += 4 {
		out[i], out[i+1], out[i+2], out[i+3] = v.data[i+3], v.data[i+2], v.data[i+1], v.data[i]
	}
	return out
}
