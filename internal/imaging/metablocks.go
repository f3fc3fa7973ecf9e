package imaging

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
)

// webpMeta finds the metadata of a WebP file. It is handed on in a container of
// its own because imagemeta v1.0.1 loses its way after a chunk of odd size,
// forgetting the padding.
func webpMeta(data []byte) []byte {
	var exif, xmp []byte
	for rest := data[12:]; len(rest) > 0; {
		name, payload, next, err := riffChunk(rest)
		if err != nil {
			break
		}
		rest = next
		switch name {
		case "EXIF":
			// Some writers keep the prefix that the block has in a JPEG.
			exif = bytes.TrimPrefix(payload, []byte("Exif\x00\x00"))
		case "XMP ":
			xmp = payload
		}
	}
	return metaContainer(exif, xmp)
}

// metaContainer is a WebP file of metadata alone; either block may be nil.
func metaContainer(exif, xmp []byte) []byte {
	const exifFlag, xmpFlag = 1 << 3, 1 << 2
	flags := make([]byte, 10)
	if exif != nil {
		flags[0] |= exifFlag
	}
	if xmp != nil {
		flags[0] |= xmpFlag
	}
	out := appendChunk([]byte("RIFF....WEBP"), "VP8X", flags)
	if exif != nil {
		out = appendChunk(out, "EXIF", even(exif))
	}
	if xmp != nil {
		out = appendChunk(out, "XMP ", even(xmp))
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out
}

// even makes the padding of a chunk a part of it, which neither reader minds.
func even(b []byte) []byte {
	if len(b)%2 == 1 {
		return append(b[:len(b):len(b)], 0)
	}
	return b
}

// pngXMP returns the XMP packet of a PNG file, an international text chunk with an
// agreed keyword, or nil.
func pngXMP(data []byte) []byte {
	keyword := []byte("XML:com.adobe.xmp\x00")
	for rest := data[8:]; len(rest) >= 12; {
		n := uint64(binary.BigEndian.Uint32(rest))
		if n > uint64(len(rest)-12) {
			return nil
		}
		name, payload := rest[4:8], rest[8:8+n]
		if string(name) == "iTXt" && bytes.HasPrefix(payload, keyword) {
			return itxtText(payload[len(keyword):])
		}
		rest = rest[12+n:]
	}
	return nil
}

// itxtText reads what follows the keyword: compression flag and method, language
// and translated keyword, each of the two ended by a zero, and the text.
func itxtText(b []byte) []byte {
	const longest = 4 << 20 // of a compressed text, which may be a bomb
	if len(b) < 2 {
		return nil
	}
	compressed := b[0] == 1
	b = b[2:]
	for range 2 {
		_, after, ok := bytes.Cut(b, []byte{0})
		if !ok {
			return nil
		}
		b = after
	}
	if !compressed {
		return b
	}
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(z, longest+1))
	if err != nil || len(text) > longest {
		return nil
	}
	return text
}
