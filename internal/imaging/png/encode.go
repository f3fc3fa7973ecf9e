package png

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/png"
	"io"
)

// Encode writes an image as a PNG that says which software made it, in Latin-1, within its
// first kilobyte: so that what the program drew is known from a photo.
func Encode(w io.Writer, img image.Image, software string) error {
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return err
	}
	// Behind the signature and the header, which are 33 bytes, a PNG may hold remarks.
	const header = 33
	if _, err := w.Write(out.Next(header)); err != nil {
		return err
	}
	if _, err := w.Write(textChunk("Software", software)); err != nil {
		return err
	}
	_, err := out.WriteTo(w)
	return err
}

// textChunk is a chunk of PNG's with a remark in Latin-1 (tEXt of ISO 15948).
func textChunk(key, text string) []byte {
	content := append([]byte("tEXt"+key+"\x00"), text...)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(content)-len("tEXt")))
	return binary.BigEndian.AppendUint32(append(chunk, content...), crc32.ChecksumIEEE(content))
}
