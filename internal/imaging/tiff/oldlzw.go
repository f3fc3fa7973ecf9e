package tiff

import (
	"bytes"
	"compress/lzw"
	"io"
)

// newOldLZW reads the LZW that libtiff calls compatible: the lowest bit of a byte is
// the first, and codes grow when the table is full and not one entry before. That is
// how GIF does it.
func newOldLZW(segment []byte) io.Reader {
	return lzw.NewReader(bytes.NewReader(segment), lzw.LSB, 8)
}
