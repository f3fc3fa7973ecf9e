//go:build !((linux || darwin) && (amd64 || arm64)) || nommap

package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/sightline/sightline/internal/vec"
)

// unmapped reads a vector file with plain reads, wherever map_mmap.go does not apply
// (or is switched off by the build tag nommap, for tests).
type unmapped struct {
	file *os.File
	dim  int
}

func mapVectors(path string, want header, rowCount int64) (vectorReader, error) {
	f, err := openForMapping(path, want, rowCount)
	if err != nil {
		return nil, err
	}
	return &unmapped{file: f, dim: want.dim}, nil
}

func (u *unmapped) rows(from, to int64, buf *[]float32) (vec.Matrix, error) {
	n := int(to-from) * u.dim
	raw := make([]byte, 4*n)
	if _, err := u.file.ReadAt(raw, vectorOffset(u.dim, from)); err != nil {
		return vec.Matrix{}, err
	}
	if cap(*buf) < n {
		*buf = make([]float32, n)
	}
	*buf = (*buf)[:n]
	for i := range *buf {
		(*buf)[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return vec.Matrix{Data: *buf, Rows: int(to - from), Cols: u.dim}, nil
}

// mapFile reports that files cannot be mapped here, so that there are no codes.
func mapFile(f *os.File, _ int64) ([]byte, error) {
	return nil, fmt.Errorf("%s: %w", f.Name(), errors.ErrUnsupported)
}

func unmapFile([]byte) {}

func (u *unmapped) forget(int64, int64) {}

func (u *unmapped) check() error { return nil } // a read says it

func (u *unmapped) close() { u.file.Close() }
