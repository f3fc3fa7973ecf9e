package metadata

import (
	"bytes"
	"encoding/binary"
)

// webp reads the chunks of a RIFF container. Chunks are padded to even sizes; one
// that is cut short ends them.
func (c *collector) webp(data []byte) {
	for rest := data[12:]; len(rest) >= 8; {
		n := uint64(binary.LittleEndian.Uint32(rest[4:]))
		name := string(rest[:4])
		rest = rest[8:]
		if n > uint64(len(rest)) {
			return
		}
		payload := rest[:n]
		rest = rest[min(n+n&1, uint64(len(rest))):]
		switch name {
		case "EXIF":
			c.exif(exifBlock(payload), ifdMain)
		case "XMP ", "XMP\x00":
			c.xmp(payload)
		}
	}
}

// gif looks for the application extension that holds XMP. The packet lies there as
// it is, and a trailer of 257 bytes leads a reader of sub-blocks back out of it.
func (c *collector) gif(data []byte) {
	const screen, trailer = 13, 258
	if len(data) < screen {
		return
	}
	rest := data[screen:]
	if data[10]&0x80 != 0 {
		rest = rest[min(len(rest), 3<<(data[10]&7+1)):]
	}
	for len(rest) > 2 {
		switch {
		case rest[0] == ',' && len(rest) > 10: // a picture
			table := 0
			if rest[9]&0x80 != 0 {
				table = 3 << (rest[9]&7 + 1)
			}
			rest = rest[min(len(rest), 11+table):]
		case rest[0] == '!':
			if label := []byte("\xff\x0bXMP DataXMP"); bytes.HasPrefix(rest[1:], label) {
				packet := rest[1+len(label):]
				if end := subBlocks(packet); end > trailer {
					c.xmp(packet[:end-trailer])
				}
				rest = packet[subBlocks(packet):]
				continue
			}
			rest = rest[2:]
		default:
			return
		}
		rest = rest[subBlocks(rest):]
	}
}

// subBlocks is how many bytes a row of sub-blocks takes, its end included.
func subBlocks(b []byte) int {
	at := 0
	for at < len(b) && b[at] != 0 {
		at += 1 + int(b[at])
	}
	return min(at+1, len(b))
}

// raf reads Fuji's RAW, whose metadata are those of the JPEG inside it.
func (c *collector) raf(data []byte) {
	const at = 84
	if len(data) < at+8 {
		return
	}
	from, n := uint64(binary.BigEndian.Uint32(data[at:])), uint64(binary.BigEndian.Uint32(data[at+4:]))
	if from > uint64(len(data)) {
		return
	}
	if inner := data[from:min(from+n, uint64(len(data)))]; bytes.HasPrefix(inner, []byte("\xff\xd8")) {
		c.jpeg(inner)
	}
}

// psd reads the image resources of a Photoshop document: they follow the header and
// the section of the colour mode.
func (c *collector) psd(data []byte) {
	const header = 26
	at := uint64(header)
	for section := range 2 {
		if at+4 > uint64(len(data)) {
			return
		}
		n := uint64(binary.BigEndian.Uint32(data[at:]))
		at += 4
		if n > uint64(len(data))-at {
			return
		}
		if section == 1 {
			c.photoshop(data[at : at+n])
		}
		at += n
	}
}
