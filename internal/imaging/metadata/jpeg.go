package metadata

import (
	"bytes"
	"encoding/binary"
)

// The names that application segments begin with.
var (
	headEXIF        = []byte("Exif\x00")
	headXMP         = []byte("http://ns.adobe.com/xap/1.0/\x00")
	headExtendedXMP = []byte("http://ns.adobe.com/xmp/extension/\x00")
	headPhotoshop   = []byte("Photoshop 3.0\x00")
)

// jpeg reads the segments in front of the picture. Photoshop's resources may go on
// from segment to segment, and XMP beyond 64 KB is in segments of its own.
func (c *collector) jpeg(data []byte) {
	if !c.enter() {
		return
	}
	defer c.leave()
	var resources []byte
	extended := extendedXMP{}
	for code, payload := range segments(data) {
		switch {
		case code == 0xe1 && bytes.HasPrefix(payload, headEXIF):
			c.exif(exifPayload(payload), ifdMain)
		case code == 0xe1 && bytes.HasPrefix(payload, headXMP):
			c.xmp(payload[len(headXMP):])
		case code == 0xe1 && bytes.HasPrefix(payload, headExtendedXMP):
			extended.add(payload[len(headExtendedXMP):])
		case code == 0xed && bytes.HasPrefix(payload, headPhotoshop):
			resources = append(resources, payload[len(headPhotoshop):]...)
		}
	}
	c.photoshop(resources)
	if packet := extended.packet(); packet != nil {
		c.xmp(packet)
	}
}

// exifPayload takes the name off, and the byte behind it, which is not always zero.
func exifPayload(b []byte) []byte {
	return b[min(len(b), len(headEXIF)+1):]
}

// segments yields the marker segments up to the first scan. A segment that the file
// cuts short ends them.
func segments(data []byte) func(yield func(code byte, payload []byte) bool) {
	return func(yield func(byte, []byte) bool) {
		for i := 2; ; {
			for i < len(data) && data[i] != 0xff {
				i++
			}
			for i < len(data) && data[i] == 0xff {
				i++
			}
			if i+3 > len(data) {
				return
			}
			code := data[i]
			i++
			switch {
			case code == 0xd8, code <= 0x01, code >= 0xd0 && code <= 0xd7:
				continue // these have no length
			case code == 0xd9, code == 0xda:
				return
			}
			n := int(binary.BigEndian.Uint16(data[i:]))
			if n < 2 || n > len(data)-i {
				return
			}
			if !yield(code, data[i+2:i+n]) {
				return
			}
			i += n
		}
	}
}

// extendedXMP puts the parts of an extended packet together.
type extendedXMP struct {
	guid string
	data []byte
	have int // bytes that came
}

// add takes a part: the digest of the whole, its length, and where the part belongs.
func (x *extendedXMP) add(b []byte) {
	const guid, header = 32, 40
	if len(b) < header {
		return
	}
	size, at := binary.BigEndian.Uint32(b[guid:]), binary.BigEndian.Uint32(b[guid+4:])
	part := b[header:]
	if x.data == nil && size <= maxXMPBytes && int(size) >= len(part) {
		x.guid = string(b[:guid])
	}
	end := int64(at) + int64(len(part))
	if x.guid != string(b[:guid]) || end > int64(size) || end > maxXMPBytes {
		return
	}
	if grow := int(end) - len(x.data); grow > 0 { // by what came, not by what was claimed
		if int64(at) > int64(len(x.data))+maxGap {
			return
		}
		x.data = append(x.data, make([]byte, grow)...)
	}
	copy(x.data[at:], part)
	x.have += len(part)
}

// maxGap is how far ahead of the others a part may lie: parts come in order in
// practice.
const maxGap = 1 << 20

// packet is nil while parts are missing.
func (x *extendedXMP) packet() []byte {
	if x.have == 0 || x.have < len(x.data) {
		return nil
	}
	return x.data
}
