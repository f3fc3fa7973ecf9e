package metadata

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strings"
	"testing"
)

// The builders make files of metadata alone: no reader here looks at pixels.

// entry is one entry of a directory, whose value is given as bytes.
type entry struct {
	tag, kind uint16
	count     int
	data      []byte
}

func text(tag uint16, s string) entry { return entry{tag, 2, len(s) + 1, append([]byte(s), 0)} }

func short(tag uint16, v ...uint16) entry {
	e := entry{tag: tag, kind: 3, count: len(v)}
	for _, x := range v {
		e.data = binary.LittleEndian.AppendUint16(e.data, x)
	}
	return e
}

func long(tag uint16, v ...uint32) entry {
	e := entry{tag: tag, kind: 4, count: len(v)}
	for _, x := range v {
		e.data = binary.LittleEndian.AppendUint32(e.data, x)
	}
	return e
}

func raw(tag, kind uint16, b ...byte) entry { return entry{tag, kind, len(b), b} }

func rationals(tag uint16, v ...uint32) entry {
	e := long(tag, v...)
	e.kind, e.count = 5, len(v)/2
	return e
}

// tiffBlock is a little-endian EXIF block of a main, an EXIF and a GPS directory, each
// of which may be nil.
func tiffBlock(top, sub, gps []entry) []byte {
	out := []byte("II*\x00\x08\x00\x00\x00")
	top = slices.Clone(top)
	if sub != nil {
		top = append(top, long(tagExifIFD, 0))
	}
	if gps != nil {
		top = append(top, long(tagGPSIFD, 0))
	}
	write := func(list []entry) (fields map[uint16]int) {
		fields = make(map[uint16]int)
		at := len(out)
		out = binary.LittleEndian.AppendUint16(out, uint16(len(list)))
		out = append(out, make([]byte, 12*len(list)+4)...)
		for i, e := range list {
			field := out[at+2+12*i:]
			binary.LittleEndian.PutUint16(field, e.tag)
			binary.LittleEndian.PutUint16(field[2:], e.kind)
			binary.LittleEndian.PutUint32(field[4:], uint32(e.count))
			fields[e.tag] = at + 2 + 12*i + 8
			if len(e.data) <= 4 {
				copy(field[8:12], e.data)
				continue
			}
			binary.LittleEndian.PutUint32(field[8:], uint32(len(out)))
			out = append(out, e.data...)
		}
		return fields
	}
	fields := write(top)
	for tag, list := range map[uint16][]entry{tagExifIFD: sub, tagGPSIFD: gps} {
		if list != nil {
			binary.LittleEndian.PutUint32(out[fields[tag]:], uint32(len(out)))
			write(list)
		}
	}
	return out
}

// jpegOf is a JPEG of segments: of APP1 and APP13, by what they begin with.
func jpegOf(payloads ...[]byte) []byte {
	out := []byte("\xff\xd8")
	for _, p := range payloads {
		code := byte(0xe1)
		if bytes.HasPrefix(p, headPhotoshop) {
			code = 0xed
		}
		out = append(out, 0xff, code)
		out = binary.BigEndian.AppendUint16(out, uint16(len(p)+2))
		out = append(out, p...)
	}
	return append(out, "\xff\xda\x00\x02\xff\xd9"...)
}

func exifSegment(block []byte) []byte { return append([]byte("Exif\x00\x00"), block...) }
func xmpSegment(packet string) []byte { return append(slices.Clone(headXMP), packet...) }

// iptcSegment is an APP13 with one resource of IPTC.
func iptcSegment(block []byte) []byte {
	return append(slices.Clone(headPhotoshop), resource(resourceIPTC, block)...)
}

func resource(id uint16, data []byte) []byte {
	out := binary.BigEndian.AppendUint16([]byte("8BIM"), id)
	out = append(out, 0, 0)
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	out = append(out, data...)
	if len(data)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

// dataset is one dataset of IPTC.
func dataset(set int, value string) []byte {
	out := []byte{0x1c, byte(set >> 8), byte(set)}
	if len(value) < 0x8000 {
		out = binary.BigEndian.AppendUint16(out, uint16(len(value)))
	} else {
		out = binary.BigEndian.AppendUint32(append(out, 0x80, 4), uint32(len(value)))
	}
	return append(out, value...)
}

// packetOf is an XMP packet with properties written as elements of one description.
func packetOf(properties string) string {
	return `<?xpacket begin="` + "\ufeff" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
 xmlns:digiKam="http://www.digikam.org/ns/1.0/" xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/"
 xmlns:acdsee="http://ns.acdsee.com/iptc/1.0/" xmlns:mediapro="http://ns.iview-multimedia.com/mediapro/1.0/"
 xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
 xmlns:sightline="https://github.com/sightline/sightline/ns/tags/1.0/">
` + properties + `</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
}

// bag is a property that lists values.
func bag(property string, values ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<%s><rdf:Bag>", property)
	for _, v := range values {
		fmt.Fprintf(&b, "<rdf:li>%s</rdf:li>", v)
	}
	fmt.Fprintf(&b, "</rdf:Bag></%s>", property)
	return b.String()
}

// pngOf is a PNG of chunks.
func pngOf(chunks ...[]byte) []byte {
	out := []byte("\x89PNG\r\n\x1a\n")
	for _, c := range append(chunks, chunk("IEND", nil)) {
		out = append(out, c...)
	}
	return out
}

func chunk(name string, payload []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
	out = append(out, name...)
	out = append(out, payload...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

func tEXt(key, value string) []byte { return chunk("tEXt", []byte(key+"\x00"+value)) }
func zTXt(key, value string) []byte {
	return chunk("zTXt", append([]byte(key+"\x00\x00"), deflated(value)...))
}

func iTXt(key, value string, packed bool) []byte {
	if packed {
		return chunk("iTXt", append([]byte(key+"\x00\x01\x00en\x00Key\x00"), deflated(value)...))
	}
	return chunk("iTXt", []byte(key+"\x00\x00\x00\x00\x00"+value))
}

func deflated(s string) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write([]byte(s)) // a buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

// profileOf is a raw profile as ImageMagick writes it.
func profileOf(kind string, block []byte) string {
	digits := hex.EncodeToString(block)
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n%8d\n", kind, len(block))
	for line := range slices.Chunk([]byte(digits), 72) {
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.String()
}

func riff(chunks ...string) []byte {
	out := []byte("RIFF....WEBP")
	for i := 0; i < len(chunks); i += 2 {
		out = append(out, chunks[i]...)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(chunks[i+1])))
		out = append(out, chunks[i+1]...)
		if len(chunks[i+1])%2 == 1 {
			out = append(out, 0)
		}
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out
}

func boxOf(name string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)+8))
	return append(append(out, name...), body...)
}

// heif is a HEIF file with an EXIF item in the file and an XMP item in idat.
func heif(exif, xmp []byte) []byte {
	item := append([]byte{0, 0, 0, 0}, exif...)
	infe := func(id byte, kind string) []byte {
		return boxOf("infe", []byte{2, 0, 0, 0, 0, id, 0, 0}, []byte(kind))
	}
	build := func(at uint32) []byte {
		u32 := binary.BigEndian.AppendUint32
		iloc := []byte{1, 0, 0, 0, 0x44, 0, 0, 2}
		iloc = append(iloc, 0, 1, 0, 0, 0, 0, 0, 1)
		iloc = u32(u32(iloc, at), uint32(len(item)))
		iloc = append(iloc, 0, 2, 0, 1, 0, 0, 0, 1)
		iloc = u32(u32(iloc, 0), uint32(len(xmp)))
		meta := boxOf("meta", []byte{0, 0, 0, 0},
			boxOf("iinf", []byte{0, 0, 0, 0, 0, 2}, infe(1, "Exif\x00"), infe(2, "mime\x00application/rdf+xml\x00")),
			boxOf("iloc", iloc), boxOf("idat", xmp))
		return slices.Concat(boxOf("ftyp", []byte("heic\x00\x00\x00\x00mif1heic")), meta, boxOf("mdat", item))
	}
	first := build(0)
	return build(uint32(len(first) - len(item)))
}

func utf16LE(s string) []byte {
	var b []byte
	for _, r := range s + "\x00" {
		b = binary.LittleEndian.AppendUint16(b, uint16(r)) // of the basic plane
	}
	return b
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

func mustXMP(t testing.TB, packet string) Metadata {
	t.Helper()
	m, err := ReadSidecar([]byte(packet))
	if err != nil {
		t.Fatal(err)
	}
	return m
}
