//go:build !amd64 && !arm64

package local

import (
	"encoding/binary"
	"math"
)

// summer works out checksums, of bytes that it writes down first.
type summer struct{ buf []byte }

// bytesOf returns the bytes of a vector as they lie in the file.
func (s *summer) bytesOf(v []float32) []byte {
	s.buf = s.buf[:0]
	for _, x := range v {
		s.buf = binary.LittleEndian.AppendUint32(s.buf, math.Float32bits(x))
	}
	return s.buf
}
