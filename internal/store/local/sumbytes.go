//go:build amd64 || arm64

package local

import "unsafe"

// summer works out checksums.
type summer struct{}

// bytesOf returns the bytes of a vector as they lie in the file: these machines are
// little-endian, as it is.
func (*summer) bytesOf(v []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), 4*len(v))
}
