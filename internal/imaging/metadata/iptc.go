package metadata

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// The datasets of IPTC-IIM 4.2 that are read, by record and number.
const (
	iptcCharset       = 1<<8 | 90
	iptcObjectName    = 2<<8 | 5
	iptcKeywords      = 2<<8 | 25
	iptcDateCreated   = 2<<8 | 55
	iptcTimeCreated   = 2<<8 | 60
	iptcDigitizedDate = 2<<8 | 62
	iptcDigitizedTime = 2<<8 | 63
	iptcHeadline      = 2<<8 | 105
	iptcCaption       = 2<<8 | 120
)

// iptcBlock reads IPTC-IIM datasets. A dataset that the block cuts short ends them.
func (c *collector) iptcBlock(b []byte) {
	const marker, header = 0x1c, 5
	if i := bytes.IndexByte(b, marker); i > 0 { // some writers pad in front
		b = b[i:]
	}
	charset := charsetUnknown
	texts := make(map[int]string)
	for len(b) >= header && b[0] == marker {
		set := int(b[1])<<8 | int(b[2])
		n := int(binary.BigEndian.Uint16(b[3:]))
		b = b[header:]
		if n&0x8000 != 0 { // an extended dataset: the length has a length
			k := n & 0x7fff
			if k > 4 || k > len(b) {
				break
			}
			n = 0
			for _, x := range b[:k] {
				n = n<<8 | int(x)
			}
			b = b[k:]
		}
		if n > len(b) {
			break
		}
		value := b[:n]
		b = b[n:]
		switch set {
		case iptcCharset:
			charset = charsetOf(value)
		case iptcKeywords:
			if k := charset.decode(value); k != "" {
				c.keyword(&c.iptc, k)
			}
		case iptcObjectName, iptcDateCreated, iptcTimeCreated, iptcDigitizedDate, iptcDigitizedTime, iptcHeadline, iptcCaption:
			if _, again := texts[set]; !again {
				texts[set] = charset.decode(value[:min(len(value), maxValueBytes)])
			}
		}
	}
	c.title(titleIPTC, texts[iptcObjectName])
	c.title(titleHeadlineIPTC, texts[iptcHeadline])
	c.caption(captionIPTC, texts[iptcCaption])
	c.iptcDate(texts[iptcDateCreated], texts[iptcTimeCreated])
	c.iptcDate(texts[iptcDigitizedDate], texts[iptcDigitizedTime])
}

// iptcDate joins "19980708" and "100000+0200".
func (c *collector) iptcDate(date, clock string) {
	d, ok := ParseDate(date)
	if !ok {
		return
	}
	if d.Precision == PrecisionDay {
		p := scanner{s: strings.Trim(clock, " \x00")}
		d.clock(&p)
	}
	c.date(rankIPTC, d)
}

// charset is how the texts of a block are written.
type charset int

const (
	charsetUnknown charset = iota
	charsetUTF8
	charsetLatin1
)

// charsetOf reads the escape sequences of ISO 2022 in CodedCharacterSet.
func charsetOf(b []byte) charset {
	switch {
	case bytes.Contains(b, []byte("\x1b%G")), bytes.Contains(b, []byte("\x1b%/")):
		return charsetUTF8
	case bytes.Contains(b, []byte("\x1b.A")), bytes.Contains(b, []byte("\x1b-A")), bytes.Contains(b, []byte("\x1b/A")):
		return charsetLatin1
	}
	return charsetUnknown
}

// decode reads a text. What is marked as UTF-8 and is not, or is not marked, is what
// it looks like.
func (cs charset) decode(b []byte) string {
	b = bytes.TrimRight(b, "\x00")
	if cs == charsetLatin1 {
		return windows1252(b)
	}
	return guess(b)
}

// The image resources of Photoshop that hold metadata.
const (
	resourceIPTC = 0x0404
	resourceEXIF = 0x0422
	resourceXMP  = 0x0424
)

// photoshop reads a list of image resources, as they lie in a JPEG's APP13, in TIFF
// and in PSD.
func (c *collector) photoshop(b []byte) {
	if !c.enter() {
		return
	}
	defer c.leave()
	for len(b) >= 12 {
		switch string(b[:4]) {
		case "8BIM", "MeSa", "AgHg", "PHUT", "DCSR", "8B64":
		default:
			return
		}
		id := binary.BigEndian.Uint16(b[4:])
		name := 1 + int(b[6]) // a length and as many bytes, padded to an even number
		name += name & 1
		if len(b) < 6+name+4 {
			return
		}
		b = b[6+name:]
		n := uint64(binary.BigEndian.Uint32(b))
		b = b[4:]
		if n > uint64(len(b)) {
			return
		}
		value := b[:n]
		b = b[min(n+n&1, uint64(len(b))):]
		switch id {
		case resourceIPTC:
			c.iptcBlock(value)
		case resourceEXIF:
			c.exif(value, ifdMain)
		case resourceXMP:
			c.xmp(value)
		}
	}
}
