package raw

import (
	"bytes"
	"encoding/binary"
)

// jpegSize reads the frame header of a JPEG that decoders show: 8-bit, baseline,
// extended or progressive. Its first byte may be spoilt.
func jpegSize(b []byte) (width, height int, ok bool) {
	if len(b) < 4 || b[1] != 0xd8 || b[2] != 0xff {
		return 0, 0, false
	}
	for code, payload := range segments(b) {
		switch {
		case code == 0xc0 || code == 0xc1 || code == 0xc2:
			if len(payload) < 6 || payload[0] != 8 {
				return 0, 0, false
			}
			height, width = int(binary.BigEndian.Uint16(payload[1:])), int(binary.BigEndian.Uint16(payload[3:]))
			n := payload[5]
			return width, height, width > 0 && height > 0 && (n == 1 || n == 3)
		case code > 0xc2 && code <= 0xcf && code != 0xc4 && code != 0xc8 && code != 0xcc, code == 0xda:
			return 0, 0, false
		}
	}
	return 0, 0, false
}

// segments yields the marker segments of a JPEG up to its first scan, which it
// yields last, without a payload. It stops where a segment makes no sense.
func segments(b []byte) func(yield func(code byte, payload []byte) bool) {
	return func(yield func(byte, []byte) bool) {
		for i := 2; ; {
			if i+4 > len(b) || b[i] != 0xff {
				return
			}
			code := b[i+1]
			if code == 0xff { // a fill byte
				i++
				continue
			}
			n := int(binary.BigEndian.Uint16(b[i+2:]))
			switch {
			case code < 0xc0 || code >= 0xd0 && code <= 0xd9 || n < 2 || i+2+n > len(b):
				return
			case code == 0xda:
				yield(code, nil)
				return
			}
			if !yield(code, b[i+4:i+2+n]) {
				return
			}
			i += 2 + n
		}
	}
}

// blocksOf finds the EXIF and XMP blocks of a JPEG that lies at a place of the file.
func (s *search) blocksOf(p Span) {
	exif, xmp := []byte("Exif\x00\x00"), []byte("http://ns.adobe.com/xap/1.0/\x00")
	whole := p.Of(s.data)
	for code, payload := range segments(whole) {
		if code != 0xe1 {
			continue
		}
		// Both are stretches of the same memory.
		at := p.Offset + cap(whole) - cap(payload)
		switch {
		case bytes.HasPrefix(payload, exif):
			s.file.EXIF = append(s.file.EXIF, Span{at + len(exif), len(payload) - len(exif)})
		case bytes.HasPrefix(payload, xmp):
			s.file.XMP = append(s.file.XMP, Span{at + len(xmp), len(payload) - len(xmp)})
		}
	}
}

// scan searches the bytes of the whole file for JPEGs.
func (s *search) scan() {
	const hits = 1 << 12
	mark, end := []byte("\xff\xd8\xff"), []byte("\xff\xd9")
	budget := 4 * len(s.data) // of bytes searched for ends
	at := 0
	for range hits {
		i := bytes.Index(s.data[at:], mark)
		if i < 0 || budget <= 0 {
			return
		}
		at += i
		b := s.data[at:]
		if _, _, ok := jpegSize(b); !ok {
			at += 2
			continue
		}
		// Thumbnails lie inside of segments, so the end after the last of them is
		// the picture's own.
		from := startOfScan(b)
		n := bytes.Index(b[from:], end)
		budget -= len(b) - from
		if n < 0 {
			at += 2
			continue
		}
		s.consider(uint64(at), uint64(from+n+2))
		at += from + n + 2
	}
}

// startOfScan is where the segments before the first scan end.
func startOfScan(b []byte) int {
	last := 2
	for code, payload := range segments(b) {
		if code == 0xda {
			break
		}
		last = cap(b) - cap(payload) + len(payload)
	}
	return last
}
