package metadata

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"strings"
)

// png reads the chunks, those behind the picture too. Neither checksums nor the end
// chunk are asked for.
func (c *collector) png(data []byte) {
	const frame = 12 // length, name and checksum
	for rest := data[8:]; len(rest) >= frame; {
		n := uint64(binary.BigEndian.Uint32(rest))
		if n > uint64(len(rest)-frame) {
			return
		}
		name, payload := string(rest[4:8]), rest[8:8+n]
		rest = rest[frame+n:]
		switch name {
		case "IEND":
			return
		case "eXIf", "zxIf":
			c.exif(exifBlock(payload), ifdMain)
		case "tEXt":
			if key, text, ok := bytes.Cut(payload, []byte{0}); ok {
				c.pngText(string(key), text, false)
			}
		case "zTXt":
			if key, packed, ok := bytes.Cut(payload, []byte{0}); ok && len(packed) > 1 && wantedText(string(key)) {
				c.pngText(string(key), c.inflate(packed[1:]), false)
			}
		case "iTXt":
			c.pngInternational(payload)
		}
	}
}

// exifBlock takes off the name that some writers keep in front of the block.
func exifBlock(b []byte) []byte {
	if bytes.HasPrefix(b, headEXIF) {
		return exifPayload(b)
	}
	return b
}

// pngInternational reads an iTXt chunk: key, compression flag and method, language and
// translated key, each of the two ended by a zero, and the text.
func (c *collector) pngInternational(b []byte) {
	key, b, ok := bytes.Cut(b, []byte{0})
	if !ok || len(b) < 2 || !wantedText(string(key)) {
		return
	}
	packed := b[0] == 1
	b = b[2:]
	for range 2 {
		if _, b, ok = bytes.Cut(b, []byte{0}); !ok {
			return
		}
	}
	if packed {
		b = c.inflate(b)
	}
	c.pngText(string(key), b, true)
}

// inflate unpacks a chunk, as far as there is room for it and it is sound.
func (c *collector) inflate(packed []byte) []byte {
	room := maxInflated - c.inflated
	if room <= 0 {
		return nil
	}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil
	}
	text, _ := io.ReadAll(io.LimitReader(z, int64(room)))
	c.inflated += len(text)
	if c.inflated >= maxInflated {
		c.warn("compressed texts were read to their first %d bytes", maxInflated)
	}
	return text
}

const (
	keyXMP     = "XML:com.adobe.xmp"
	keyProfile = "Raw profile type "
)

func wantedText(key string) bool {
	switch strings.ToLower(key) {
	case "creation time", "creationtime", "title", "description", "exif:datetimeoriginal", strings.ToLower(keyXMP):
		return true
	}
	return strings.HasPrefix(key, keyProfile)
}

// pngText takes a text chunk. Plain ones are Latin-1 by the specification and UTF-8
// as often as not.
func (c *collector) pngText(key string, text []byte, international bool) {
	if kind, ok := strings.CutPrefix(key, keyProfile); ok {
		c.profile(strings.TrimSpace(kind), text)
		return
	}
	if key == keyXMP {
		c.xmp(text)
		return
	}
	s := guess(text[:min(len(text), maxValueBytes)])
	switch strings.ToLower(key) {
	case "creation time", "creationtime":
		if d, ok := parseTextDate(s); ok {
			c.date(rankText, d)
		}
	case "exif:datetimeoriginal": // ImageMagick's
		if d, ok := ParseDate(s); ok {
			c.date(rankText, d)
		}
	case "title":
		c.title(titleText, s)
	case "description":
		c.caption(captionText, s)
	}
}

// profile reads a raw profile of ImageMagick: a name, a length in decimal, and the
// bytes in hexadecimal.
func (c *collector) profile(kind string, text []byte) {
	text = bytes.TrimLeft(text, "\n ")
	_, text, ok := bytes.Cut(text, []byte{'\n'})
	if !ok {
		return
	}
	text = bytes.TrimLeft(text, " ")
	_, text, ok = bytes.Cut(text, []byte{'\n'})
	if !ok {
		return
	}
	block := unhex(text)
	switch strings.ToLower(kind) {
	case "exif", "app1":
		if bytes.HasPrefix(block, headXMP) {
			c.xmp(block[len(headXMP):])
			return
		}
		c.exif(exifBlock(block), ifdMain)
	case "xmp":
		c.xmp(block)
	case "iptc", "8bim":
		if bytes.HasPrefix(block, []byte("8BIM")) {
			c.photoshop(block)
			return
		}
		c.iptcBlock(block)
	}
}

// unhex reads hexadecimal digits, whatever stands between them.
func unhex(text []byte) []byte {
	out := make([]byte, 0, len(text)/2)
	half, high := false, byte(0)
	for _, ch := range text {
		var v byte
		switch {
		case ch >= '0' && ch <= '9':
			v = ch - '0'
		case ch >= 'a' && ch <= 'f':
			v = ch - 'a' + 10
		case ch >= 'A' && ch <= 'F':
			v = ch - 'A' + 10
		default:
			continue
		}
		if half {
			out = append(out, high<<4|v)
		}
		high, half = v, !half
	}
	return out
}
